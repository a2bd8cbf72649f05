"""The addresses of the baseline."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from bench.drf_site.views import LeadViewSet


def _router() -> DefaultRouter:
    router = DefaultRouter(trailing_slash=False)
    router.register("leads", LeadViewSet)
    return router


urlpatterns = [path("api/", include(_router().urls))]
