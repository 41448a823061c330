"""Model files of which a test gives one part."""

STAGES = '[[stages]]\nname = "lead"\n[[stages]]\nname = "customer"\n[[stages]]\nname = "lost"\ndetour = true\n'


def with_stages(rest: str) -> str:
    """A file whose root keys come first, then stages, then the rest."""
    return f"{STAGES}{rest}\n"


def rule(line: str) -> str:
    """A file with one score rule, of which one line is given."""
    lines = {"name": 'name = "r"', "on": 'on = "page_viewed"', "points": "points = 1"}
    lines[line.partition(" =")[0]] = line
    return with_stages("[[score.rules]]\n" + "\n".join(lines.values()))
