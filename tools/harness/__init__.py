# SPDX-License-Identifier: ISC
"""The harness: builds EriX, makes its images, boots it for every scenario and judges what it did.

Standard library only; one noun a file. Read cli.py first, then scenario.py, machine.py, judge.py.
"""
