SUMMARY="x"
HELP=""
def add_arguments(p): pass
