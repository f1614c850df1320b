"""Formulas: SQL expressions over facts, checked against an allow-list and evaluated by columns.

A formula may name facts and other KPIs, add, subtract, multiply and divide, and call the functions below. A
division by zero gives no data. Formulas come from the catalogue and later from tenants, so nothing is handed to
polars that this module has not read and written anew.
"""

import ast
from collections.abc import Mapping
from functools import lru_cache

import polars as pl
from django.utils.translation import gettext as _

FUNCTIONS = frozenset({"NULLIF", "COALESCE", "ABS", "ROUND", "LEAST", "GREATEST"})
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_DEPTH = 20


class FormulaError(ValueError):
    """A formula that may not be evaluated; the message says why, in words for its author."""


def parse(formula: str) -> ast.expr:
    """The formula's tree. FormulaError where it is no formula or uses more than it may."""
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
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
            return
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
            _check(left, depth + 1)
            _check(right, depth + 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name.upper() in FUNCTIONS:
            for argument in args:
                _check(argument, depth + 1)
        case _:
            raise FormulaError(_("“%(part)s” may not stand in a formula.") % {"part": ast.unparse(node)})


def names_in(formula: str) -> list[str]:
    """The facts and KPIs that the formula names, in order, each once."""
    found: dict[str, None] = {}

    def visit(node: ast.expr) -> None:
        match node:
            case ast.Name(id=name):
                found.setdefault(name)
            case ast.Call(args=args):
                for argument in args:
                    visit(argument)
            case ast.BinOp(left=left, right=right):
                visit(left)
                visit(right)
            case ast.UnaryOp(operand=operand):
                visit(operand)

    visit(parse(formula))
    return list(found)


class _Writer(ast.NodeTransformer):
    """Puts other KPIs' formulas in place of their names and guards every divisor against zero."""

    def __init__(self, formulas: Mapping[str, str], facts: Mapping[str, int], path: tuple[str, ...]):
        self.formulas = formulas
        self.facts = facts
        self.path = path

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.facts:
            divisor = self.facts[node.id]
            return node if divisor == 1 else ast.BinOp(node, ast.Div(), ast.Constant(divisor))
        if node.id in self.path:
            raise FormulaError(_("“%(name)s” is defined by itself.") % {"name": node.id})
        if node.id not in self.formulas:
            raise FormulaError(_("There is no fact or KPI “%(name)s”.") % {"name": node.id})
        writer = _Writer(self.formulas, self.facts, (*self.path, node.id))
        return writer.visit(parse(self.formulas[node.id]))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.Div):
            right = ast.Call(func=ast.Name("NULLIF"), args=[right, ast.Constant(0)], keywords=[])
        return ast.BinOp(left, node.op, right)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = ast.Name(node.func.id.upper())  # type: ignore[attr-defined]
        return ast.Call(func=name, args=[self.visit(argument) for argument in node.args], keywords=[])


def to_sql(formula: str, formulas: Mapping[str, str], facts: Mapping[str, int]) -> str:
    """The formula over facts alone, with guarded divisions.

    `formulas` are the other KPIs by code, `facts` what each fact is to be divided by (1 but for hours).
    """
    return ast.unparse(_Writer(formulas, facts, ()).visit(parse(formula)))


@lru_cache(maxsize=1024)
def compile_sql(sql: str) -> pl.Expr:
    """The expression for a formula that `to_sql` has written."""
    return pl.sql_expr(sql)
