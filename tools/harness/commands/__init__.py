# SPDX-License-Identifier: ISC
"""The commands of `./erix`, one module each."""
