"""The part of YAML that these files are written in: lists and mappings of texts, in one spelling and no other.

Reading takes every value for a text, whatever it looks like ("no", 1e2, 2026-01-02): the table of fields says what it
is. Aliases, tags, second documents and keys that stand twice are refused. Every value knows its line.
"""

import re
from dataclasses import dataclass

import yaml
from django.utils.translation import gettext as _

LARGEST_BYTES = 4 * 1024 * 1024
MOST_VALUES = 200_000
DEEPEST = 12

_RESERVED = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "nan", "inf"}
_PLAIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ][A-Za-z0-9À-ÖØ-öø-ɏ _.,;:/()+%'&=~@?!*#-]*")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_UNWANTED = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PARSER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file, and in which line."""

    line: int
    message: str


class Broken(Exception):
    """The file is refused; nothing of it may be stored."""

    def __init__(self, problems: list[Problem]):
        super().__init__("; ".join(f"line {problem.line}: {problem.message}" for problem in problems[:20]))
        self.problems = problems


class Wrong(Exception):
    """One value is refused."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.problem = Problem(line, message)


@dataclass(frozen=True)
class Node:
    """A text, a list of nodes, or a mapping of names to nodes; `line` is where it begins."""

    line: int
    value: "str | list[Node] | dict[str, Node]"

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise Wrong(self.line, _("There must be one value here, not a list."))
        return self.value

    def items(self) -> "list[Node]":
        if not isinstance(self.value, list):
            raise Wrong(self.line, _("There must be a list here: lines that begin with “-”."))
        return self.value

    def fields(self) -> "dict[str, Node]":
        if not isinstance(self.value, dict):
            raise Wrong(self.line, _("There must be names with values here, as in “name: Procaine”."))
        return self.value


def write(content: dict, *, comment: str) -> str:
    """The content (mappings, lists, texts, whole numbers, yes and no) in the order in which it is given."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    return head + "".join(line + "\n" for line in _mapping(content, ""))


def _mapping(content: dict, indent: str):
    for name, value in content.items():
        if isinstance(value, list) and value:
            yield f"{indent}{name}:"
            yield from _list(value, indent + "  ")
        elif _fits_block(value):
            yield f"{indent}{name}: |-"
            yield from (f"{indent}  {line}" if line else "" for line in value.split("\n"))
        else:
            yield f"{indent}{name}: {_scalar(value)}"


def _list(values: list, indent: str):
    for value in values:
        if isinstance(value, dict):
            first, *others = _mapping(value, indent + "  ")
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from others
        else:
            yield f"{indent}- {_scalar(value)}"


def _scalar(value) -> str:
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if value == []:
        return "[]"
    if _fits_plain(value):
        return value
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _fits_plain(text: str) -> bool:
    if not _PLAIN.fullmatch(text) or text.lower() in _RESERVED:
        return False
    return not (": " in text or " #" in text or text.endswith((" ", ":")))


def _fits_block(value) -> bool:
    """Whether a text of several lines can stand as it is, and come back so."""
    if not isinstance(value, str) or "\n" not in value or value[0] in " \n" or value[-1] == "\n":
        return False
    lines = value.split("\n")
    return not any(_ESCAPED.search(line.translate({34: None, 92: None})) or line.endswith(" ") for line in lines)


def _escape(match) -> str:
    letter = match[0]
    return _ESCAPES.get(letter) or (f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\u{ord(letter):04x}")


def read(content: bytes) -> Node:
    """The one document of a file. Raises Broken."""
    text = _decode(content)
    try:
        return _build(yaml.parse(text, Loader=_PARSER))
    except Wrong as wrong:
        raise Broken([wrong.problem]) from wrong
    except yaml.YAMLError as error:
        raise Broken([_unreadable(text, error)]) from error


def _unreadable(text: str, error: yaml.YAMLError) -> Problem:
    """Where the parser gave up, and where began what it could not finish."""
    there, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    line = min(there.line, text.rstrip().count("\n")) + 1 if there else 1
    message = _("From here on the file cannot be read: check the indentation, colons and quotation marks.")
    if begun and begun.line + 1 < line:
        message += " " + _("What is not finished here begins in line %d.") % (begun.line + 1)
    return Problem(line, message)


def _decode(content: bytes) -> str:
    if len(content) > LARGEST_BYTES:
        message = _("The file is larger than %(most)d MB.") % {"most": LARGEST_BYTES // 1024**2}
        raise Broken([Problem(1, message)])
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Broken([Problem(line, _("There are bytes here that are not text in UTF-8."))]) from error
    if found := _UNWANTED.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Broken([Problem(line, _("There is a sign here that is not text (%s).") % f"U+{ord(found[0]):04X}")])
    return text


class _Open:
    """A list or mapping that is being read; in a mapping, `name` waits for its value."""

    def __init__(self, line: int, value):
        self.line, self.value, self.name = line, value, None

    def take(self, node: Node) -> None:
        if isinstance(self.value, list):
            self.value.append(node)
        elif self.name is not None:
            self.value[self.name], self.name = node, None
        else:
            self.name = node.text()
            if self.name in self.value:
                raise Wrong(node.line, _("“%s” stands here for the second time.") % self.name[:60])


def _build(events) -> Node:
    """Nodes of the parser's events, without recursion: what is nested too deeply is refused."""
    stack, root, count, documents = [], None, 0, 0
    for event in events:
        line, count, done = event.start_mark.line + 1, count + 1, None
        _refuse_tricks(event, line)
        if count > MOST_VALUES:
            raise Wrong(line, _("The file holds more than any catalogue does."))
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1 or event.tags or event.version:
                raise Wrong(line, _("There must be one document in the file, without directives."))
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            stack.append(_Open(line, [] if isinstance(event, yaml.SequenceStartEvent) else {}))
            if len(stack) > DEEPEST:
                raise Wrong(line, _("This is nested too deeply."))
        elif isinstance(event, yaml.ScalarEvent):
            done = Node(line, event.value)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            opened = stack.pop()
            done = Node(opened.line, opened.value)
        if done and stack:
            stack[-1].take(done)
        elif done:
            root = done
    if root is None:
        raise Wrong(1, _("The file is empty."))
    return root


def _refuse_tricks(event, line: int) -> None:
    """Anchors and aliases let a small file grow without end; tags ask for objects. Nothing here needs them."""
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise Wrong(line, _("Anchors and aliases (“&” and “*”) are not read: write it out."))
    if getattr(event, "tag", None):
        raise Wrong(line, _("Tags (“!”) are not read."))
