"""The scenarios of scripts/torture, a module each.

A scenario has SUMMARY (a line for --help), add_arguments(group) for options of its own, and run(options, progress),
which answers its figures: numbers by name, among them `lost` (acknowledged and not there: must be 0) and `failures`
(a list of texts). `options` has what all share (seed, healthsink, generator) and `folder`, which goes when the scenario
ends. It raises Skipped with the reason where this machine lacks what it needs.
"""


class Skipped(Exception):
    """This machine lacks what the scenario needs; the text says what."""
