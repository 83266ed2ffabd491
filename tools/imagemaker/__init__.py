# SPDX-License-Identifier: ISC
"""Disks and media, the same bytes on every machine and day."""
