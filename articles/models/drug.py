"""Projections of live drug entries: names, class and approvals, rebuilt from the signed publication."""

from django.db import models
from django.urls import reverse

from .page import Page


class DrugFacts(models.Model):
    """What the directory lists about one live drug entry. Never edited: rebuilt from the publication."""

    page = models.OneToOneField(Page, models.PROTECT, primary_key=True, related_name="drug_facts")
    brand = models.CharField(max_length=80)
    mark = models.CharField(max_length=1, blank=True)
    generic = models.CharField(max_length=120)
    drug_class = models.CharField(max_length=160)
    class_slug = models.SlugField(max_length=80, db_index=True)
    route = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["brand", "page"], name="drug_by_brand")]
        verbose_name_plural = "drug facts"

    def __str__(self) -> str:
        return f"{self.brand}{self.mark} ({self.generic})"

    def get_class_url(self) -> str:
        return reverse("articles:drug_class", args=[self.class_slug])


class Approval(models.Model):
    """One approval, with the precision its source gives (2019, 2019-12 or 2019-12-20)."""

    drug = models.ForeignKey(DrugFacts, models.CASCADE, related_name="approvals")
    date = models.CharField(max_length=10)
    what = models.TextField()
    jurisdiction = models.CharField(max_length=20)

    class Meta:
        ordering = ["date", "pk"]

    def __str__(self) -> str:
        return f"{self.date} {self.jurisdiction}"


class DrugSubtype(models.Model):
    """This drug is used for this subtype, as its entry says."""

    drug = models.ForeignKey(DrugFacts, models.CASCADE, related_name="subtypes")
    subtype = models.ForeignKey(Page, models.PROTECT, related_name="drugs")

    class Meta:
        constraints = [models.UniqueConstraint(name="drug_subtype_once", fields=["drug", "subtype"])]

    def __str__(self) -> str:
        return f"{self.drug_id} for {self.subtype_id}"
