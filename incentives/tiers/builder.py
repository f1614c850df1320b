"""The form in which requirements are put together: groups in groups, and conditions in them.

The browser sends one flat form whose names are paths, `asks_0_1-threshold`; they are read into `Node`s, so that adding
or removing one keeps everything that was typed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from incentives.fields import amount_text, parse_money, parse_number, plain
from incentives.tiers.enums import CHOSEN_WINDOWS, Join, WindowKind
from incentives.tiers.measures import CHECK_UNIT, Measure, measure_of, measures
from incentives.tiers.requirements import MAX_DEPTH, SCORE, Condition, Group, is_check

MAX_ITEMS = 12
MAX_NODES = 80


@dataclass
class Node:
    """A group, or one condition, as typed. `path` is its name in the form, `depth` 1 for the outermost group."""

    is_group: bool = False
    join: str = Join.ALL
    count: str = "1"
    items: list["Node"] = field(default_factory=list)
    measure: str = SCORE
    window: str = WindowKind.QUARTER
    threshold: str = ""
    optional: bool = False
    error: str = ""
    path: str = ""
    depth: int = 1

    @property
    def takes_groups(self) -> bool:
        return self.depth < MAX_DEPTH - 1

    @property
    def is_check(self) -> bool:
        return is_check(self.measure)

    @property
    def number(self) -> str:
        """Where it stands, as people count: "2.1"."""
        return ".".join(str(int(place) + 1) for place in self.path.split("_")[1:])

    def every(self) -> list["Node"]:
        return [self, *(node for item in self.items for node in item.every())]


@dataclass
class Builder:
    """A whole tree as typed. Errors stand at the nodes once `tree` was asked for."""

    currency: str
    name: str = "asks"
    root: Node = field(default_factory=lambda: Node(is_group=True))

    def __post_init__(self) -> None:
        self._number(self.root, self.name, 1)

    @classmethod
    def from_tree(cls, tree: Group, currency: str, name: str = "asks") -> "Builder":
        return cls(currency, name, _node_of(tree, currency))

    @classmethod
    def from_post(cls, data: Mapping[str, Any], currency: str, name: str = "asks") -> "Builder":
        return cls(currency, name, _read(data, name, 1) or Node(is_group=True))

    def change(self, command: str) -> None:
        """`condition:asks_0` and `group:asks_0` add to a group, `remove:asks_0_1` takes away; others change nothing."""
        verb, _colon, path = command.partition(":")
        nodes = {node.path: node for node in self.root.every()}
        node = nodes.get(path)
        if node is None:
            return
        room = node.is_group and len(node.items) < MAX_ITEMS and len(nodes) < MAX_NODES
        if verb == "condition" and room:
            node.items.append(Node())
        elif verb == "group" and room and node.takes_groups:
            node.items.append(Node(is_group=True, join=Join.ANY, items=[Node()]))
        elif verb == "remove" and node is not self.root:
            parent = nodes[path.rpartition("_")[0]]
            parent.items = [item for item in parent.items if item is not node]
        self._number(self.root, self.name, 1)

    def tree(self) -> Group | None:
        """The requirement tree; None when something is wrong, with the errors beside what it concerns."""
        known = measures()
        for node in self.root.every():
            node.error = ""
        item = _item(self.root, self.currency, known)
        if any(node.error for node in self.root.every()) or not isinstance(item, Group):
            return None
        return item

    def _number(self, node: Node, path: str, depth: int) -> None:
        node.path, node.depth = path, depth
        for place, item in enumerate(node.items):
            self._number(item, f"{path}_{place}", depth + 1)


def _node_of(item: Condition | Group, currency: str) -> Node:
    if isinstance(item, Group):
        items = [_node_of(child, currency) for child in item.items]
        return Node(is_group=True, join=item.join, count=str(item.count), items=items)
    return Node(
        measure=item.measure,
        window=item.window,
        threshold=threshold_text(item.measure, item.threshold, currency),
        optional=item.optional,
    )


def _read(data: Mapping[str, Any], path: str, depth: int) -> Node | None:
    if depth > MAX_DEPTH:
        return None
    if f"{path}-measure" in data:
        return Node(
            measure=data[f"{path}-measure"],
            window=data.get(f"{path}-window", ""),
            threshold=data.get(f"{path}-threshold", ""),
            optional=f"{path}-optional" in data,
        )
    if f"{path}-join" not in data:
        return None
    items = [_read(data, f"{path}_{place}", depth + 1) for place in range(MAX_ITEMS)]
    return Node(
        is_group=True,
        join=data[f"{path}-join"],
        count=data.get(f"{path}-count", "1"),
        items=[item for item in items if item is not None],
    )


def _item(node: Node, currency: str, known: Mapping[str, Measure]) -> Condition | Group | None:
    """What the node says; None where it, or something in it, says nothing that can be read."""
    try:
        if not node.is_group:
            return _condition(node, currency, known)
        items = [_item(child, currency, known) for child in node.items]
        return _group(node, tuple(item for item in items if item is not None), len(items))
    except ValidationError as error:
        node.error = error.messages[0]
        return None


def _group(node: Node, items: tuple[Condition | Group, ...], listed: int) -> Group:
    if node.join not in Join.values:
        raise ValidationError(_("Choose how the requirements are joined."))
    if not listed and node.depth > 1:
        raise ValidationError(_("This group is empty: add a condition to it, or remove it."))
    join, number = Join(node.join), int(node.count) if node.count.isdecimal() else 0
    if join != Join.AT_LEAST:
        return Group(join, items)
    if not listed:
        return Group()
    if not 1 <= number <= listed:
        raise ValidationError(_("“At least” must ask for one or more, and no more than are listed."))
    return Group(join, items, number)


def _condition(node: Node, currency: str, known: Mapping[str, Measure]) -> Condition:
    measure = known.get(node.measure)
    if measure is None:
        raise ValidationError(_("Choose a measure and a time."))
    if measure.unit == CHECK_UNIT:
        return Condition(measure.code, WindowKind.NOW, measure.comparison, Decimal(1))
    if node.window not in CHOSEN_WINDOWS:
        raise ValidationError(_("Choose a measure and a time."))
    window = WindowKind(node.window)
    if measure.code == SCORE and window == WindowKind.SINCE_JOINING:
        raise ValidationError(_("There is no score since joining: choose another time for it."))
    threshold = parse_threshold(measure.code, node.threshold, currency)
    return Condition(measure.code, window, measure.comparison, threshold, node.optional)


def measure_groups(used: Collection[str] = ()) -> list[tuple[str, list[tuple[str, str]]]]:
    """For the select: the measures under their headings, with their unit; also those `used` that are no longer offered."""
    found = measures()
    for code in sorted(set(used) - found.keys()):
        try:
            found[code] = measure_of(code)
        except KeyError:
            continue
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, measure in found.items():
        label = measure.name
        if measure.unit == "%":
            label = f"{label} (%)"
        elif measure.unit == "days":
            label = f"{label} ({_('days')})"
        groups.setdefault(measure.group, []).append((code, label))
    return list(groups.items())


def parse_threshold(measure: str, text: str, currency: str) -> Decimal:
    """What was typed in the measure's stored unit."""
    if not text.strip():
        raise ValidationError(_("Say how much is asked."))
    unit = measure_of(measure).unit
    if unit == "money":
        return Decimal(parse_money(text, currency))
    value = parse_number(text)
    return value / 100 if unit == "%" else value


def threshold_text(measure: str, threshold: Decimal, currency: str) -> str:
    """A threshold as the form shows it."""
    unit = measure_of(measure).unit
    if unit == CHECK_UNIT:
        return ""
    if unit == "money":
        return amount_text(int(threshold), currency)
    return plain(threshold * 100 if unit == "%" else threshold)
