"""The words by which the vendor's people find things among very many."""

from django.db import models

from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.models import TenantModel


class SearchWord(TenantModel):
    """A word of a thing's name. Partner sessions have no grant here: they look through their own rows.

    A trigram or full-text index cannot be used under row-level security, whose policies go before any operator that
    is not leakproof. The comparisons behind `word ^@ 'zonn'` are, with a text_pattern_ops index in any collation.
    """

    kind = models.CharField(max_length=20)
    word = models.CharField(max_length=40)
    thing_id = models.UUIDField()

    class Meta:
        constraints = [
            *tenant_constraints("search_searchword"),
            models.UniqueConstraint(
                fields=["tenant", "thing_id", "kind", "word"], name="search_searchword_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "kind", "word", "thing_id"],
                opclasses=["uuid_ops", "text_pattern_ops", "text_pattern_ops", "uuid_ops"],
                name="search_searchword_word",
            ),
        ]

    def __str__(self) -> str:
        return self.word
