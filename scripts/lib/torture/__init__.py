"""The scenarios of scripts/torture, a module each.

A scenario has SUMMARY (a line for --help), add_arguments(group) for its options, and run(options, progress). That returns
figures: numbers by name, among them `lost` (acknowledged but not stored: must be 0) and `failures` (a list of texts).
`options` has what all scenarios share (seed, healthsink, generator), and `folder`, which is deleted at the end. A scenario
raises Skipped with the reason if this machine lacks what it needs.
"""


class Skipped(Exception):
    """This machine lacks what the scenario needs; the text says what."""
