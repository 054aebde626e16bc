"""The examples of docs/api.md: calls in their order, each with the answer or the refusal that it gets.

In an answer ``"{name}"`` stands for a value that differs from run to run: the same wherever the name is, also in
later requests; a name that no answer has told is asked for, as the code that a member got by mail. A key or an item
``"…"`` says that there is more. A refusal ``"code: …"`` says nothing of its text.
"""

import json
import re
from pathlib import Path

FILE = Path(__file__).parent / "examples" / "api.json"
MORE = "…"
NAME = re.compile(r"^\{(\w+)\}$")


def load(identity=""):
    """The file; with an ``identity`` all codes, keys and numbers are another run's own."""
    text = FILE.read_text()
    document = json.loads(text)
    if identity:
        for word in document["identities"]:
            text = text.replace(
                word, word[:-1] + identity + word[-1] if word[-1] in "-@" else word[:-1] + identity
            )
        document = json.loads(text)
    return document


def filled(value, names):
    """A request in which names have become values."""
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    found = isinstance(value, str) and NAME.match(value)
    return names[found[1]] if found else value


def differences(said, got, names, path="answer"):
    """Where an answer is not what the example says; learns what the names stand for."""
    if isinstance(said, dict) and isinstance(got, dict):
        for key in sorted(set(said) - {MORE} | (set() if MORE in said else set(got))):
            if key not in said or key not in got:
                yield f"{path}.{key} is {'not there' if key in said else 'not documented'}"
            else:
                yield from differences(said[key], got[key], names, f"{path}.{key}")
    elif isinstance(said, list) and isinstance(got, list) and said[-1:] == [MORE]:
        for item in said[:-1]:
            if all(any(differences(item, one, dict(names))) for one in got):
                yield f"{path} has no {item}"
    elif isinstance(said, list) and isinstance(got, list) and len(said) == len(got):
        for index, (one, other) in enumerate(zip(said, got, strict=True)):
            yield from differences(one, other, names, f"{path}[{index}]")
    elif isinstance(said, str) and (found := NAME.match(said)):
        if names.setdefault(found[1], got) != got:
            yield f"{path} is {got!r}, not {names[found[1]]!r}"
    elif said != got or isinstance(said, bool) != isinstance(got, bool):
        yield f"{path} is {got!r}, not {said!r}"


class Names(dict):
    """What names stand for; ``ask(name)`` is asked for what no answer has told."""

    def __init__(self, ask):
        super().__init__()
        self._ask = ask

    def __missing__(self, name):
        return self._ask(name)


def run(call, document, ask):
    """Problems of all examples; ``call(method, request)`` answers, or raises ``Refused``."""
    names, problems = Names(ask), []
    for step in document["steps"]:
        request = filled(step["request"], names)
        told = f"{step['method']} {json.dumps(request, ensure_ascii=False)[:80]}"
        try:
            answer = call(step["method"], request)
        except Refused as refusal:
            text = str(refusal)
            wanted = step.get("error", "an answer")
            if text != wanted and not (wanted.endswith(MORE) and text.startswith(wanted[:-1])):
                problems.append(f"{told}: {text}, not {wanted}")
            continue
        if "error" in step:
            problems.append(f"{told}: answered, not {step['error']}")
            continue
        problems += [f"{told}: {problem}" for problem in differences(step["answer"], answer, names)]
    return problems


class Refused(Exception):
    """The refusal of a call, as its text."""
