"""What a model calls its things in a reader's language."""

from collections.abc import Mapping


def called(label: object, name: str, language: str) -> str:
    """A label in a language such as `zh` or `zh_CN`; where it lacks it in English, else in any; else the name."""
    if isinstance(label, Mapping):
        label = _in_language(label, _spelled(language))
    return label if isinstance(label, str) and label else name


def _in_language(label: Mapping[str, object], wanted: str) -> object:
    texts = {_spelled(language): text for language, text in label.items() if text}
    primary = wanted.partition("_")[0]
    related = (language for language in texts if language.partition("_")[0] == primary)
    for language in (wanted, primary, *related, "en"):
        if language in texts:
            return texts[language]
    return next(iter(texts.values()), None)


def _spelled(language: str) -> str:
    return language.lower().replace("-", "_")
