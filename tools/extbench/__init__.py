# SPDX-License-Identifier: ISC
"""`./erix bench ext`: lib/ext measured on the host, exactly and against others."""
