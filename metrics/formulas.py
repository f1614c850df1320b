"""Formulas: SQL expressions over facts, checked against an allow-list and evaluated by columns.

A formula may name facts and other KPIs, add, subtract, multiply and divide, and call the functions below. A
division by zero gives no data. Formulas come from the catalogue and from tenants, so nothing is handed to polars
that this module has not read, measured and written anew: how long a formula is, how deep, how large its numbers are and
how large it becomes once the KPIs that it names are written out.
"""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import polars as pl
from django.utils.translation import gettext as _

# The least and the most arguments of each.
FUNCTIONS = {
    "NULLIF": (2, 2),
    "COALESCE": (2, 8),
    "ABS": (1, 1),
    "ROUND": (1, 2),
    "LEAST": (2, 8),
    "GREATEST": (2, 8),
}
# As explanations and people write them.
_SIGNS = str.maketrans("−–×·÷", "--**/")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
MAX_LENGTH = 1_000
MAX_NUMBER = 10**12
_DEPTH = 40
# Parts of a formula with the formulas of the KPIs that it names in it.
MAX_PARTS = 500
MAX_DEPTH = 80
MAX_DECIMALS = 10
# A value beyond this is a mistake in the formula and no figure.
LIMIT = 1e15


class FormulaError(ValueError):
    """A formula that may not be evaluated; the message says why, in words for its author."""


def parse(formula: str) -> ast.expr:
    """The formula's tree. FormulaError where it is no formula or uses more than it may."""
    if len(formula) > MAX_LENGTH:
        raise FormulaError(_("A formula has at most %(count)s characters.") % {"count": MAX_LENGTH})
    if not formula.strip():
        raise FormulaError(_("Write a formula."))
    try:
        # On one line: people may break a long formula where they like.
        tree = ast.parse(" ".join(formula.translate(_SIGNS).split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(_("“%(formula)s” is not a formula.") % {"formula": formula}) from error
    _check(tree, 0)
    return tree


def _check(node: ast.expr, depth: int) -> None:
    if depth > _DEPTH:
        raise FormulaError(_("The formula is nested too deeply."))
    match node:
        case ast.Name():
            return
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) > MAX_NUMBER or not math.isfinite(value):
                raise FormulaError(
                    _("A number in a formula is at most %(most)s.") % {"most": f"{MAX_NUMBER:,}"}
                )
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
            _check(left, depth + 1)
            _check(right, depth + 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name.upper() in FUNCTIONS:
            _check_arguments(name.upper(), args)
            for argument in args:
                _check(argument, depth + 1)
        case ast.Call(func=ast.Name(id=name)):
            raise FormulaError(
                _("There is no function “%(name)s”. There are: %(names)s.")
                % {"name": name, "names": ", ".join(FUNCTIONS)}
            )
        case _:
            raise FormulaError(_("“%(part)s” may not stand in a formula.") % {"part": ast.unparse(node)})


def _check_arguments(name: str, args: list[ast.expr]) -> None:
    least, most = FUNCTIONS[name]
    if not least <= len(args) <= most:
        count = str(least) if least == most else _("%(least)s to %(most)s") % {"least": least, "most": most}
        raise FormulaError(_("%(name)s takes %(count)s values.") % {"name": name, "count": count})
    if name == "ROUND" and len(args) == 2:
        places = args[1].value if isinstance(args[1], ast.Constant) else None
        if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= MAX_DECIMALS:
            raise FormulaError(
                _("ROUND rounds to 0 to %(most)s decimals, given as a number.") % {"most": MAX_DECIMALS}
            )


def names_in(formula: str) -> list[str]:
    """The facts and KPIs that the formula names, in order, each once."""
    return list(dict.fromkeys(_names(parse(formula))))


def refuse_zero_divisor(formula: str) -> None:
    """FormulaError where something is divided by the number 0, which gives no figure: for who writes a formula. Those
    that were published so are evaluated as ever."""
    for node in ast.walk(parse(formula)):
        match node:
            case ast.BinOp(op=ast.Div(), right=ast.Constant(value=0)):
                raise FormulaError(_("Nothing can be divided by 0."))


def readable(formula: str) -> str:
    """The formula as people read it: without `+ 0 / x`, which only makes a value unknown where there is no x."""
    return ast.unparse(_Plain().visit(parse(formula)))


class _Plain(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        match node:
            case ast.BinOp(
                left=left, op=ast.Add(), right=ast.BinOp(left=ast.Constant(value=0), op=ast.Div())
            ):
                return self.visit(left)
        return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))


def zero_divisors(sql: str, facts: Mapping[str, int]) -> list[str]:
    """The facts that what `to_sql` has written divides by, where all of a divisor's are 0; each once, in order."""
    found: dict[str, None] = {}
    for node in ast.walk(ast.parse(sql, mode="eval")):
        match node:
            case ast.Call(func=ast.Name(id="NULLIF"), args=[divisor, ast.Constant(value=0)]):
                names = list(_names(divisor))
                if names and not any(facts.get(name) for name in names):
                    found |= dict.fromkeys(names)
    return list(found)


def _names(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Call(args=args):
            for argument in args:
                yield from _names(argument)
        case ast.BinOp(left=left, right=right):
            yield from _names(left)
            yield from _names(right)
        case ast.UnaryOp(operand=operand):
            yield from _names(operand)


def _measure(
    formula: str, formulas: Mapping[str, str], path: tuple[str, ...], known: dict[str, tuple[int, int]]
) -> tuple[int, int]:
    """How many parts the formula has, and how deep it is, once the KPIs that it names are written out; without writing
    it. FormulaError where a KPI comes round to itself, which is said with the way round."""
    tree = parse(formula)
    parts, inner = sum(1 for _node in ast.walk(tree)), 0
    for name in _names(tree):
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise FormulaError(
                _("“%(name)s” is defined by itself: %(circle)s.") % {"name": name, "circle": circle}
            )
        if name in formulas:
            if name not in known:
                known[name] = _measure(formulas[name], formulas, (*path, name), known)
            parts += known[name][0]
            inner = max(inner, known[name][1])
    return parts, _depth(tree) + inner


def _depth(node: ast.expr) -> int:
    match node:
        case ast.Call(args=args):
            return 1 + max(map(_depth, args))
        case ast.BinOp(left=left, right=right):
            return 1 + max(_depth(left), _depth(right))
        case ast.UnaryOp(operand=operand):
            return 1 + _depth(operand)
    return 1


class _Writer(ast.NodeTransformer):
    """Puts other KPIs' formulas in place of their names and guards every divisor against zero."""

    def __init__(self, formulas: Mapping[str, str], facts: Mapping[str, int]):
        self.formulas = formulas
        self.facts = facts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.facts:
            divisor = self.facts[node.id]
            return node if divisor == 1 else ast.BinOp(node, ast.Div(), ast.Constant(divisor))
        if node.id not in self.formulas:
            raise FormulaError(_("There is no fact or KPI “%(name)s”.") % {"name": node.id})
        return self.visit(parse(self.formulas[node.id]))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.Div):
            right = ast.Call(func=ast.Name("NULLIF"), args=[right, ast.Constant(0)], keywords=[])
        return ast.BinOp(left, node.op, right)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = ast.Name(node.func.id.upper())  # type: ignore[attr-defined]
        return ast.Call(func=name, args=[self.visit(argument) for argument in node.args], keywords=[])


def to_sql(formula: str, formulas: Mapping[str, str], facts: Mapping[str, int], *, code: str = "") -> str:
    """The formula over facts alone, with guarded divisions.

    `formulas` are the other KPIs by code, `facts` what each fact is to be divided by (1 but for hours). `code` is
    the KPI's own, which may not come round.
    """
    # What is both, such as a KPI that is a fact by the same name, is the fact.
    others = {name: text for name, text in formulas.items() if name not in facts}
    parts, depth = _measure(formula, others, (code,) if code and code not in facts else (), {})
    if parts > MAX_PARTS:
        raise FormulaError(_("With the KPIs that it names written out the formula is too long."))
    if depth > MAX_DEPTH:
        raise FormulaError(_("With the KPIs that it names written out the formula is nested too deeply."))
    return ast.unparse(_Writer(formulas, facts).visit(parse(formula)))


@lru_cache(maxsize=4096)
def compile_sql(sql: str) -> pl.Expr:
    """The expression for a formula that `to_sql` has written."""
    return pl.sql_expr(sql)


@lru_cache(maxsize=4096)
def compile_bounded(sql: str) -> pl.Expr:
    """The same for a formula of a tenant's, over fractions throughout: whole numbers that are multiplied would run over
    without a word, and decimals with an error. What is infinite or absurdly large is no data."""
    value = _fractions(ast.parse(sql, mode="eval").body)
    return pl.when(value.is_finite() & (value.abs() <= LIMIT)).then(value)


def _fractions(node: ast.expr) -> pl.Expr:
    match node:
        case ast.Name(id=name):
            return pl.col(name).cast(pl.Float64)
        case ast.Constant(value=value) if isinstance(value, int | float):
            return pl.lit(float(value))
        case ast.UnaryOp(operand=operand):
            return -_fractions(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _COMPUTED[type(op)](_fractions(left), _fractions(right))
        case ast.Call(func=ast.Name(id="ROUND"), args=[value, ast.Constant(value=places)]):
            return _fractions(value).round(int(str(places)))
        case ast.Call(func=ast.Name(id=name), args=args):
            return _CALLED[name](*map(_fractions, args))
    raise FormulaError(_("“%(part)s” may not stand in a formula.") % {"part": ast.unparse(node)})


def _null_if(value: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.when(value.ne(other) | other.is_null()).then(value)


_COMPUTED: dict[type[ast.operator], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_CALLED: dict[str, Callable[..., pl.Expr]] = {
    "NULLIF": _null_if,
    "COALESCE": pl.coalesce,
    "ABS": pl.Expr.abs,
    "ROUND": pl.Expr.round,
    "LEAST": pl.min_horizontal,
    "GREATEST": pl.max_horizontal,
}
