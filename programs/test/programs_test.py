# SPDX-License-Identifier: ISC
"""The shell and the tools, built for the host and run for real: quoting, redirection, conditions,
errors and exit statuses, a terminal session. usage: programs_test.py FOLDER-OF-PROGRAMS"""
import hashlib
import os
import pty
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAMS = ''  # the folder with NAME.host
NONCE = f'{random.Random(7).getrandbits(64):016x}'


class Result(unittest.TextTestResult):
    """One line a test, as all tests of the tree print it."""

    def addSuccess(self, test):
        super().addSuccess(test)
        print(f'ok {test.id().split(".", 1)[1]}')

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f'FAIL {test.id().split(".", 1)[1]}')

    def addError(self, test, err):
        super().addError(test, err)
        print(f'FAIL {test.id().split(".", 1)[1]}')


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix='erix-programs-'))
        self.addCleanup(shutil.rmtree, self.folder)
        self.bin = os.path.join(self.folder, '.bin')
        os.mkdir(self.bin)
        for name in os.listdir(PROGRAMS):
            if name.endswith('.host'):
                os.symlink(os.path.join(PROGRAMS, name), os.path.join(self.bin, name[:-5]))
        self.work = os.path.join(self.folder, 'work')
        os.mkdir(self.work)
        self.environment = {'PATH': self.bin, 'PWD': self.work, 'HOME': self.folder}

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, content):
        with open(self.path(name), 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read().decode()

    def run_program(self, *arguments, stdin=b''):
        return subprocess.run(
            [os.path.join(self.bin, arguments[0]), *arguments[1:]],
            input=stdin,
            capture_output=True,
            cwd=self.work,
            env=self.environment,
            timeout=60,
        )

    def program(self, *arguments, out='', error='', status=0, stdin=b''):
        """Run and compare everything that comes out."""
        done = self.run_program(*arguments, stdin=stdin)
        self.assertEqual(
            (done.stdout.decode(), done.stderr.decode(), done.returncode),
            (out, error, status),
            arguments,
        )

    def sh(self, commands, out='', error='', status=0, stdin=b''):
        self.program('sh', '-c', commands, out=out, error=error, status=status, stdin=stdin)


class ShellLanguage(Case):
    def test_words_and_quotes(self):
        self.sh("echo a  b", 'a b\n')
        self.sh("echo 'a  b' \"c  d\" e\\ f ''", 'a  b c  d e f \n')
        self.sh("echo 'it'\\''s' \"say \\\"hi\\\"\" 'a\"b'", "it's say \"hi\" a\"b\n")
        self.sh("echo a;echo b", 'a\nb\n')
        self.sh("echo a # b; echo c", 'a\n')
        self.sh("echo a#b '#' \\#", 'a#b # #\n')
        self.sh("echo '*' * ? [a] ~", '* * ? [a] ~\n')
        self.sh("\n\n echo a \n\n echo b \n", 'a\nb\n')
        self.sh("echo a\\\nb", 'ab\n')
        self.sh('')
        self.sh('   # nothing')

    def test_variables(self):
        self.sh("A=1; echo $A ${A}x $Ax \"$A\" '$A' \\$A", '1 1x 1 $A $A\n')
        self.sh("A='x  y'; echo $A; echo \"$A\"", 'x y\nx  y\n')
        self.sh("A=1 B=$A; echo $A$B", '11\n')
        self.sh("A=a; A=b; echo $A; unset A; echo [$A]", 'b\n[]\n')
        self.sh("E=; echo a $E b \"$E\" c", 'a b  c\n')
        self.sh("L='echo hello'; $L", 'hello\n')
        self.sh("$NONE; echo $?", '0\n')
        self.sh("$NONE echo x", 'x\n')

    def test_exported_variables(self):
        self.sh("A=1; sh -c 'echo [$A]'", '[]\n')
        self.sh("A=1; export A; sh -c 'echo [$A]'; A=2; sh -c 'echo [$A]'", '[1]\n[2]\n')
        self.sh("export A=1 B='x y'; sh -c 'echo $A$B'", '1x y\n')
        self.sh("A=1 B=2 sh -c 'echo $A$B'; echo [$A]", '12\n[]\n')
        self.sh("export A=1; A=2 sh -c 'echo $A'; echo $A", '2\n1\n')
        self.sh("export A=0; A=1 A=2 sh -c 'echo $A'; echo $A", '2\n0\n')
        self.sh("export 1x", error='sh: export: 1x: not a name\n', status=1)
        self.sh("X=1; set", f'X=1\nPATH={self.bin}\nPWD={self.work}\nHOME={self.folder}\n')

    def test_status(self):
        self.sh('true; echo $?; false; echo $?', '0\n1\n')
        self.sh('false', status=1)
        self.sh('exit', status=0)
        self.sh('false; exit', status=1)
        self.sh('exit 7; echo no', status=7)
        self.sh('exit x; echo $?', '2\n', 'sh: exit: x: not a number from 0 to 255\n')
        self.sh('sh -c "exit 200"', status=200)
        self.sh('nonsense', error='sh: nonsense: command not found\n', status=127)
        self.sh('./none', error='sh: ./none: No such file or directory\n', status=127)
        self.write('plain', 'no program')
        self.sh('./plain', error='sh: ./plain: Permission denied\n', status=126)
        os.chmod(self.path('plain'), 0o755)
        self.sh('./plain', error='sh: ./plain: Not an executable of this system\n', status=126)
        self.sh('/', error='sh: /: Is a directory\n', status=126)
        self.sh("''", error='sh: : command not found\n', status=127)

    def test_conditions(self):
        self.sh('true && echo a', 'a\n')
        self.sh('false && echo a', status=1)
        self.sh('false || echo a', 'a\n')
        self.sh('true || echo a')
        self.sh('false && echo a || echo b', 'b\n')
        self.sh('true || echo a && echo b', 'b\n')
        self.sh('false && false || false; echo $?', '1\n')
        self.sh('true &&\n\n echo a', 'a\n')
        self.sh('false &&\n echo a; echo b', 'b\n')
        self.sh('cd /none && echo a; echo b', 'b\n', 'sh: cd: /none: No such file or directory\n')

    def test_refused_before_anything_runs(self):
        for text, message in (
            ("'abc", "not closed or not a name at: 'abc"),
            ('"abc', 'not closed or not a name at: "abc'),
            ('cat | wc', 'not supported at: | wc'),
            ('sleep 1 &', 'not supported at: &'),
            ('(x)', 'not supported at: (x)'),
            ('echo `x`', 'not supported at: `x`'),
            ('echo $(x)', 'not supported at: $(x)'),
            ('echo ${x', 'not closed or not a name at: ${x'),
            ('; x', 'unexpected at: ; x'),
            ('a ;; b', 'unexpected at: ; b'),
            ('&& x', 'unexpected at: && x'),
            ('x && ; y', 'unexpected at: ; y'),
            ('x &&', 'unexpected at: the end'),
            ('x >', 'unexpected at: the end'),
            ('x > > y', 'unexpected at: > y'),
            ('x > ; y', 'unexpected at: ; y'),
        ):
            self.sh(f'echo started\n{text}', error=f'sh: {message}\n', status=2)

    def test_redirection(self):
        self.sh(f'echo {NONCE} > f; cat f; cat < f', f'{NONCE}\n{NONCE}\n')
        self.sh('echo a > f; echo b >> f; echo c >>f; cat <f', 'a\nb\nc\n')
        self.sh('> e; ls e; cat e', 'e\n')
        self.sh('echo x >"a b"; cat a\\ b', 'x\n')
        self.sh('N=name; echo y > $N.txt; cat name.txt', 'y\n')
        self.sh('> g echo first; cat g', 'first\n')
        self.sh('echo a > one > two; cat one; cat two', 'a\n')
        self.sh('ls /none 2> err; cat err', 'ls: /none: No such file or directory\n')
        self.sh('cat /none 2>> err; wc -l < err', '       2\n')
        self.sh('cat < none', error='sh: none: No such file or directory\n', status=1)
        self.sh('echo a > none/x; echo $?', '1\n', 'sh: none/x: No such file or directory\n')
        self.sh('echo a > .; echo $?', '1\n', 'sh: .: Is a directory\n')
        self.sh('pwd > p; cat p', f'{self.work}\n')
        self.sh("sh -c 'echo a; echo b; sh -c \"echo c\"' > all; cat all", 'a\nb\nc\n')
        self.write('lines', 'one\ntwo\nthree\n')
        self.sh('sh -c "head -n 1; head -n 1" < lines', 'one\ntwo\n')

    def test_directories(self):
        os.makedirs(self.path('a/b'))
        self.sh(
            'cd a; pwd; cd b; sh -c pwd; cd ../..; pwd',
            f'{self.work}/a\n{self.work}/a/b\n{self.work}\n',
        )
        self.sh('cd a; cd /; cd -; pwd', f'{self.work}/a\n{self.work}/a\n')
        self.sh('cd; pwd', f'{self.folder}\n')
        self.sh('cd -', error='sh: cd: OLDPWD is not set\n', status=1)
        self.sh('cd a/none', error='sh: cd: a/none: No such file or directory\n', status=1)
        self.sh('> f; cd f', error='sh: cd: f: Not a directory\n', status=1)
        self.sh('cd a b', error='sh: usage: cd [DIRECTORY | -]\n', status=2)
        self.sh('cd a; echo x > ../a/./b/../f; cat /../' + self.path('a/f'), 'x\n')

    def test_script_file(self):
        self.write(
            's',
            f'# a script\nA={NONCE}\necho $A > out\n\nfalse || echo "two\nlines"\n'
            'cat out\nexit 3\necho no\n',
        )
        self.program('sh', 's', out=f'two\nlines\n{NONCE}\n', status=3)
        self.write('bad', "echo a\necho b\n  'open\n")
        self.program('sh', 'bad', error="sh: bad:3: not closed or not a name at: 'open\n", status=2)
        self.program('sh', 'none', error='sh: none: No such file or directory\n', status=127)
        self.write('binary', b'echo a\n\0\n')
        self.program(
            'sh',
            'binary',
            status=126,
            error='sh: binary: not a text, or longer than 262143 bytes\n',
        )

    def test_standard_input(self):
        self.program('sh', stdin=b'echo a\necho b', out='a\nb\n')
        self.program('sh', stdin=b'head -n 1\nfor the program\necho c\n', out='for the program\n')
        self.program(
            'sh',
            stdin=b"echo 'a\necho b\n",
            out='b\n',
            error="sh: not closed or not a name at: 'a\n",
        )
        self.program('sh', stdin=b'exit 4\necho b\n', status=4)

    def test_limits(self):
        long_word = 'x' * 40000
        self.sh(f'echo {long_word}; echo b', 'b\n', 'sh: the command is too long\n')
        many = ' a' * 600
        self.sh(f'echo{many}; echo $?', '1\n', 'sh: the command is too long\n')
        self.sh('echo' + ' a' * 500, 'a' + ' a' * 499 + '\n')
        self.sh('x' * 2000, error=f'sh: {"x" * 2000}: command not found\n', status=127)
        done = self.run_program('sh', '-c', 'cat ' + 'y' * 300)
        self.assertIn(b'Name too long', done.stderr)

    def test_path(self):
        os.mkdir(self.path('d'))
        self.write('d/tool', 'x')
        self.sh(f'PATH={self.work}/d; tool', error='sh: tool: Permission denied\n', status=126)
        self.sh(f'PATH={self.work}/d:/none:{self.bin}; echo found', 'found\n')
        self.sh('PATH=/none; echo a', error='sh: echo: command not found\n', status=127)

    def test_help_and_usage(self):
        self.assertIn('export', self.run_program('sh', '-c', 'help').stdout.decode())
        self.program('sh', '-x', error='usage: sh [-c COMMANDS | FILE]\n', status=2)
        self.program('sh', '-c', error='usage: sh [-c COMMANDS | FILE]\n', status=2)


class Tools(Case):
    def test_help_of_all(self):
        for name in sorted(os.listdir(self.bin)):
            done = self.run_program(name, '--help')
            self.assertEqual((done.returncode, done.stderr), (0, b''), name)
            self.assertTrue(done.stdout.startswith(b'usage: ' + name.encode()), name)
            self.assertTrue(done.stdout.endswith(b'.\n') or b'  -' in done.stdout, name)

    def test_wrong_usage(self):
        for name in (
            'caps',
            'cp',
            'date',
            'head',
            'hexdump',
            'log',
            'ls',
            'mkdir',
            'mounts',
            'mv',
            'ps',
            'pwd',
            'rm',
            'sha256sum',
            'shutdown',
            'sleep',
            'stat',
            'touch',
            'uptime',
            'wc',
        ):
            arguments = {
                'caps': ['1', '2'],
                'date': ['x'],
                'mounts': ['x'],
                'ps': ['x'],
                'pwd': ['x'],
                'touch': [],
                'uptime': ['x'],
                'sleep': [],
            }.get(name, ['-?'])
            done = self.run_program(name, *arguments)
            self.assertEqual(done.returncode, 2, name)
            self.assertIn(b'usage: ' + name.encode(), done.stderr)

    def test_output_that_fails(self):
        for command in ('echo x', 'ls', 'date', 'cat f', 'hexdump f', 'wc f', 'sha256sum f', 'env'):
            self.write('f', 'text')
            done = self.run_program('sh', '-c', command + ' > /dev/full')
            self.assertEqual(done.returncode, 1, command)
            self.assertIn(b'No space left on device', done.stderr, command)

    def test_echo(self):
        self.program('echo', out='\n')
        self.program('echo', '-n', 'a', 'b', out='a b')
        self.program('echo', '-e', 'a\\n', out='-e a\\n\n')

    def test_cat(self):
        data = bytes(random.Random(1).randrange(256) for _ in range(200000))
        self.write('f', data)
        self.assertEqual(self.run_program('cat', 'f').stdout, data)
        self.assertEqual(self.run_program('cat', stdin=data).stdout, data)
        self.write('g', 'G')
        self.program('cat', 'g', '-', 'g', out='GinG', stdin=b'in')
        self.program(
            'cat', 'none', 'g', out='G', error='cat: none: No such file or directory\n', status=1
        )
        self.program('cat', '.', error='cat: .: Is a directory\n', status=1)

    def test_ls(self):
        for name in ('b', 'a', '.hidden', 'C'):
            self.write(name, name)
        os.mkdir(self.path('dir'))
        self.write('dir/x', '')
        self.program('ls', out='C\na\nb\ndir\n')
        self.program('ls', '-a', out='.\n..\n.hidden\nC\na\nb\ndir\n')
        self.program('ls', 'dir', out='x\n')
        self.program('ls', 'b', 'dir', 'a', out='a\nb\n\ndir:\nx\n')
        self.program(
            'ls', 'none', 'a', out='a\n', error='ls: none: No such file or directory\n', status=1
        )
        self.program('ls', '/none', error='ls: /none: No such file or directory\n', status=1)

    def test_ls_long(self):
        self.write('file', 'x' * 1234)
        os.chmod(self.path('file'), 0o640)
        os.symlink('file', self.path('link'))
        for name in ('file', 'link'):
            os.utime(self.path(name), (0, 1700000000), follow_symlinks=False)
        uid, gid = os.getuid(), os.getgid()
        self.program(
            'ls',
            '-l',
            out=f'-rw-r----- 1 {uid} {gid} 1234 2023-11-14 22:13 file\n'
            f'lrwxrwxrwx 1 {uid} {gid}    4 2023-11-14 22:13 link -> file\n',
        )

    def test_many_files(self):
        names = sorted(f'n{index:04}' for index in range(1500))
        for name in names:
            self.write(name, '')
        self.program('ls', out=''.join(f'{name}\n' for name in names))
        self.sh(
            'cd ..; cp -r work copy; rm -r work; ls copy',
            out=''.join(f'{name}\n' for name in names),
        )

    def test_cp(self):
        self.write('f', NONCE)
        self.program('cp', 'f', 'g')
        self.assertEqual(self.read('g'), NONCE)
        self.write('g', 'longer than the nonce that replaces it')
        self.program('cp', 'f', 'g')
        self.assertEqual(self.read('g'), NONCE)
        os.mkdir(self.path('d'))
        self.program('cp', 'f', 'g', 'd')
        self.assertEqual(sorted(os.listdir(self.path('d'))), ['f', 'g'])
        self.program('cp', 'f', './f', error='cp: f: is the same file as ./f\n', status=1)
        self.program('cp', 'none', 'x', error='cp: none: No such file or directory\n', status=1)
        self.program('cp', 'd', 'x', error='cp: d: Is a directory\n', status=1)
        self.program('cp', 'f', 'g', 'f', error='cp: f: Not a directory\n', status=1)

    def test_cp_tree(self):
        os.makedirs(self.path('tree/a/b'))
        self.write('tree/a/b/f', NONCE)
        self.write('tree/run', 'x')
        os.chmod(self.path('tree/run'), 0o755)
        os.symlink('a/b', self.path('tree/link'))
        self.program('cp', '-r', 'tree/', 'copy')
        self.assertEqual(self.read('copy/a/b/f'), NONCE)
        self.assertEqual(os.readlink(self.path('copy/link')), 'a/b')
        self.assertEqual(os.stat(self.path('copy/run')).st_mode & 0o777, 0o755)
        self.program('cp', '-r', 'tree', 'copy')
        self.assertEqual(self.read('copy/tree/a/b/f'), NONCE)
        self.program(
            'cp',
            '-r',
            'tree',
            'tree/a',
            error='cp: tree/a/tree: is where the copy goes\n',
            status=1,
        )
        self.assertEqual(os.listdir(self.path('tree/a/tree/a')), ['b'])

    def test_deep_tree(self):
        names = [str(index % 10) * 10 for index in range(60)]
        os.makedirs(self.path('/'.join(names)))
        self.program('cp', '-r', names[0], 'copy')
        self.assertTrue(os.path.isdir(self.path('/'.join(['copy'] + names[1:]))))
        self.program('rm', '-r', 'copy', names[0])
        self.assertEqual(os.listdir(self.work), [])

    def test_mv(self):
        self.write('f', NONCE)
        os.mkdir(self.path('d'))
        self.program('mv', 'f', 'g')
        self.program('mv', 'g', 'd')
        self.assertEqual(self.read('d/g'), NONCE)
        self.program('mv', 'd/', 'e')
        self.assertEqual(self.read('e/g'), NONCE)
        self.program('mv', 'none', 'x', error='mv: none: No such file or directory\n', status=1)
        self.program('mv', 'e', 'none/x', error='mv: none/x: No such file or directory\n', status=1)

    def test_mv_to_another_file_system(self):
        other = tempfile.mkdtemp(prefix='erix-programs-', dir='/dev/shm')
        self.addCleanup(shutil.rmtree, other)
        self.write('f', NONCE)
        self.program('mv', 'f', f'{other}/g')
        with open(f'{other}/g', encoding='ascii') as file:
            self.assertEqual(file.read(), NONCE)
        self.assertEqual(os.listdir(self.work), [])
        os.mkdir(self.path('d'))
        self.program('mv', 'd', other, error='mv: d: On another file system\n', status=1)

    def test_rm(self):
        self.write('f', '')
        os.makedirs(self.path('d/e'))
        self.write('d/e/g', '')
        os.symlink('/', self.path('d/root'))
        self.program('rm', 'f')
        self.program('rm', 'f', error='rm: f: No such file or directory\n', status=1)
        self.program('rm', '-f', 'f')
        self.program('rm', 'd', error='rm: d: Is a directory\n', status=1)
        self.program('rm', '-rf', 'd', 'none')
        self.assertEqual(os.listdir(self.work), [])
        for path in ('/', '//', '.', '..', 'x/..'):
            self.program('rm', '-rf', path, error=f'rm: {path}: refusing to remove it\n', status=1)

    def test_mkdir(self):
        self.program('mkdir', 'a', 'b')
        self.program('mkdir', 'a', error='mkdir: a: File exists\n', status=1)
        self.program('mkdir', 'x/y', error='mkdir: x/y: No such file or directory\n', status=1)
        self.program('mkdir', '-p', 'x/y//z/', 'a')
        self.assertTrue(os.path.isdir(self.path('x/y/z')))
        self.write('f', '')
        self.program('mkdir', '-p', 'f/g', error='mkdir: f/g: File exists\n', status=1)

    def test_stat(self):
        self.write('f', 'abc')
        os.chmod(self.path('f'), 0o604)
        os.symlink('f', self.path('l'))
        text = self.run_program('stat', 'f').stdout.decode()
        self.assertIn('type      file\nsize      3\n', text)
        self.assertIn('mode      0604\n', text)
        self.assertIn(
            'target    f\ntype      link\n', self.run_program('stat', 'l').stdout.decode()
        )
        self.assertIn('type      file\n', self.run_program('stat', '-L', 'l').stdout.decode())
        self.program('stat', 'none', error='stat: none: No such file or directory\n', status=1)

    def test_touch(self):
        self.program('touch', 'f')
        os.utime(self.path('f'), (0, 0))
        self.program('touch', 'f')
        self.assertLess(abs(time.time() - os.stat(self.path('f')).st_mtime), 60)
        self.program(
            'touch', 'none/f', error='touch: none/f: No such file or directory\n', status=1
        )

    def test_sha256sum(self):
        data = bytes(random.Random(2).randrange(256) for _ in range(100001))
        self.write('f', data)
        digest = hashlib.sha256(data).hexdigest()
        empty = hashlib.sha256(b'').hexdigest()
        self.program('sha256sum', 'f', out=f'{digest}  f\n')
        self.program('sha256sum', stdin=data, out=f'{digest}  -\n')
        self.program('sha256sum', '-', out=f'{empty}  -\n')
        self.sh('sha256sum f > sums; sha256sum -c sums', 'f: OK\n')
        self.write('f', data[:-1])
        self.program('sha256sum', '-c', 'sums', out='f: FAILED\n', status=1)
        self.write('wrong', 'no digest\n')
        self.program(
            'sha256sum',
            '-c',
            'wrong',
            status=1,
            error='sha256sum: wrong: not a line "DIGEST  FILE": no digest\n',
        )
        self.program(
            'sha256sum', '-c', stdin=b'', error='sha256sum: -: nothing to check\n', status=1
        )
        self.program(
            'sha256sum', 'none', error='sha256sum: none: No such file or directory\n', status=1
        )

    def test_hexdump(self):
        data = bytes(range(40)) + b'\0' * 64 + b'end'
        self.write('f', data)
        self.program(
            'hexdump',
            '-C',
            'f',
            out=(
                '00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|\n'
                '00000010  10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  |................|\n'
                '00000020  20 21 22 23 24 25 26 27  00 00 00 00 00 00 00 00  | !"#$%&\'........|\n'
                '00000030  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n'
                '*\n'
                '00000060  00 00 00 00 00 00 00 00  65 6e 64                 |........end|\n'
                '0000006b\n'
            ),
        )
        self.program(
            'hexdump',
            '-s',
            '0x68',
            '-n',
            '2',
            'f',
            out=('00000068  65 6e                                             |en|\n0000006a\n'),
        )
        self.program('hexdump', stdin=b'', out='')
        self.program('hexdump', '-n', 'x', error='hexdump: x: Invalid argument\n', status=2)

    def test_counting(self):
        self.write('f', 'one two\n three\n')
        self.program('wc', 'f', out='       2       3      15 f\n')
        self.program('wc', '-l', stdin=b'a\nb', out='       1\n')
        self.program(
            'wc',
            'f',
            'f',
            out='       2       3      15 f\n       2       3      15 f\n'
            '       4       6      30 total\n',
        )
        self.write('lines', ''.join(f'{index}\n' for index in range(20)))
        self.program('head', 'lines', out=''.join(f'{index}\n' for index in range(10)))
        self.program(
            'head',
            '-n',
            '1',
            'f',
            'none',
            out='==> f <==\none two\n\n==> none <==\n',
            error='head: none: No such file or directory\n',
            status=1,
        )

    def test_time(self):
        self.program('date', '-d', '@0', out='Thu Jan  1 00:00:00 UTC 1970\n')
        self.program('date', '-d', '@1700000000', '+%F %T %j', out='2023-11-14 22:13:20 318\n')
        self.program('date', '-d', '5', error='date: 5: Invalid argument\n', status=2)
        self.assertLess(abs(int(self.run_program('date', '+%s').stdout) - time.time()), 5)
        self.assertRegex(
            self.run_program('uptime').stdout.decode(), r'^up \d+ days \d\d:\d\d:\d\d\.\d{3}\n$'
        )
        start = time.monotonic()
        self.program('sleep', '1')
        self.assertGreaterEqual(time.monotonic() - start, 1)
        self.program('sleep', 'x', error='sleep: x: Invalid argument\n', status=2)

    def test_looking_at_the_system(self):
        self.program(
            'mounts',
            out='erix-data on / type ext4 (read-only)\nmemory on /tmp type ramfs (read-write)\n',
        )
        self.assertIn(
            'erix-data                  102400        51200        51200   50%  /\n',
            self.run_program('df').stdout.decode(),
        )
        self.assertIn(
            '    12  running        16       1024        61.234  sh\n',
            self.run_program('ps').stdout.decode(),
        )
        self.assertIn(
            '   7  endpoint       vfsd                 read write\n',
            self.run_program('caps').stdout.decode(),
        )
        self.program('caps', '99', error='caps: 99: No such process\n', status=1)
        self.program(
            'log',
            out='[    0.012345]    9 info    vfsd: mounted /\n(3 records were lost)\n'
            '[    2.000000]   12 error   sh: a?b?[m\n',
        )
        self.program(
            'shutdown', out='shutdown mode 0\n', error='shutdown: Permission denied\n', status=1
        )
        self.program(
            'shutdown',
            '-r',
            out='shutdown mode 1\n',
            error='shutdown: Permission denied\n',
            status=1,
        )


class Terminal(Case):
    """The shell with a person before it."""

    def start(self):
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execve(os.path.join(self.bin, 'sh'), ['sh'], self.environment)
        self.child = pid
        self.seen = ''
        self.expect(f'erix:{self.work}$ ')

    def expect(self, text):
        """Wait until the terminal shows the text; what came before it."""
        end = time.monotonic() + 30
        while text not in self.seen:
            self.assertGreater(end, time.monotonic(), f'{text!r} did not come: {self.seen!r}')
            if select.select([self.terminal], [], [], 1)[0]:
                try:
                    self.seen += os.read(self.terminal, 4096).decode(errors='replace')
                except OSError:
                    self.fail(f'{text!r} did not come: {self.seen!r}')
        before, self.seen = self.seen.split(text, 1)
        return before

    def type(self, text):
        os.write(self.terminal, text.encode())

    def end(self):
        status = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        os.close(self.terminal)
        return status

    def test_session(self):
        self.start()
        self.type(f'echo {NONCE[:8]}{NONCE[8:]} > f\r')
        self.expect('$ ')
        self.type('cat f\r')
        self.expect(f'\n{NONCE}\r\n')
        self.expect('$ ')
        self.type('cd /\r')
        self.expect('erix:/$ ')
        self.type('exit 5\r')
        self.assertEqual(self.end(), 5)

    def test_editing_and_history(self):
        self.start()
        self.type('echo ac\x1b[Db\r')
        self.expect('\nabc\r\n')
        self.expect('$ ')
        self.type('\x1b[A\x7f\x7fX\r')
        self.expect('\naX\r\n')
        self.expect('$ ')
        self.type('history\r')
        self.expect('   1  echo abc\r\n   2  echo aX\r\n   3  history\r\n')
        self.expect('$ ')
        self.type('never run\x15echo killed\r')
        self.expect('\nkilled\r\n')
        self.expect('$ ')
        self.type('\x04')
        self.assertEqual(self.end(), 0)

    def test_programs_read_lines(self):
        self.start()
        self.type('cat > f\r')
        self.expect('\n')
        time.sleep(0.5)
        self.type('typez\x7f here\n\x04')
        self.expect('$ ')
        self.type('cat f\r')
        self.expect('\ntype here\r\n')
        self.type('exit\r')
        self.assertEqual(self.end(), 0)

    def test_interrupt(self):
        self.start()
        self.type('sleep 60; echo not reached\r')
        self.expect('\n')
        time.sleep(0.5)
        self.type('\x03')
        self.assertNotIn('\nnot reached', self.expect('$ '))
        self.type('echo $?\r')
        self.expect('\n130\r\n')
        self.expect('$ ')
        self.type('half a line\x03')
        self.expect('^C')
        self.expect('$ ')
        self.type('exit\r')
        self.assertEqual(self.end(), 130)

    def test_columns(self):
        for name in ('alpha', 'beta', 'gamma', 'delta'):
            self.write(name, '')
        self.start()
        self.type('ls\r')
        self.expect('alpha  beta   delta  gamma\r\n')
        self.type('exit\r')
        self.assertEqual(self.end(), 0)


if __name__ == '__main__':
    PROGRAMS = os.path.abspath(sys.argv.pop())
    unittest.main(
        testRunner=unittest.TextTestRunner(stream=sys.stderr, resultclass=Result, verbosity=0)
    )
