"""Leads over REST: a view set, a serializer, pages by cursor."""

from typing import ClassVar

from rest_framework.pagination import CursorPagination
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ModelViewSet

from bench.drf_site.models import Lead


class Pages(CursorPagination):  # type: ignore[misc]  # Django REST framework has no types here
    """Pages of 50, the newest first; ids rise with time."""

    page_size = 50
    ordering = "-id"


class LeadSerializer(ModelSerializer):  # type: ignore[misc]  # as above
    """A lead as it is sent and answered."""

    class Meta:
        """Every field of the model."""

        model = Lead
        fields = "__all__"
        read_only_fields: ClassVar[list[str]] = ["id", "version"]


class LeadViewSet(ModelViewSet):  # type: ignore[misc]  # as above
    """List, read, create, change, delete."""

    queryset = Lead.objects.all()
    serializer_class = LeadSerializer
    pagination_class = Pages
