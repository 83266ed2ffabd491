# SPDX-License-Identifier: ISC
"""Media of the ext family: recipes, their makers, exact damage, and the judges of the outcome."""
