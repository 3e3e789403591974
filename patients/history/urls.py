from django.urls import path, register_converter

from patients.history import views, vocabulary_views
from patients.history.enums import Topic
from patients.history.queries import VOCABULARY


class TopicConverter:
    regex = "|".join(Topic.values)

    def to_python(self, value: str) -> Topic:
        return Topic(value)

    def to_url(self, value: str) -> str:
        return str(value)


class VocabularyConverter(TopicConverter):
    regex = "|".join(VOCABULARY)

    def to_python(self, value: str) -> str:
        return value


register_converter(TopicConverter, "topic")
register_converter(VocabularyConverter, "vocabulary")

app_name = "history"
urlpatterns = [
    path("find/medicine/", views.find_medicine, name="find_medicine"),
    path("find/allergen/", views.find_allergen, name="find_allergen"),
    path("vocabulary/", vocabulary_views.vocabulary, name="vocabulary"),
    path("vocabulary/<vocabulary:kind>/", vocabulary_views.words, name="words"),
    path("vocabulary/<vocabulary:kind>/new/", vocabulary_views.add_word, name="add_word"),
    path("vocabulary/<vocabulary:kind>/<row:term_id>/", vocabulary_views.edit_word, name="edit_word"),
    path("vocabulary/<vocabulary:kind>/<row:term_id>/retire/", vocabulary_views.retire_word, name="retire_word"),
    path("vocabulary/<vocabulary:kind>/<row:term_id>/restore/", vocabulary_views.restore_word, name="restore_word"),
    path("<row:patient_id>/", views.tab, name="tab"),
    path("<row:patient_id>/warnings/", views.warnings, name="warnings"),
    path("<row:patient_id>/allergies/", views.record_allergy, name="record_allergy"),
    path("<row:patient_id>/conditions/", views.record_condition, name="record_condition"),
    path("<row:patient_id>/conditions/<row:row_id>/end/", views.end_condition, name="end_condition"),
    path("<row:patient_id>/medicines/", views.record_medicine, name="record_medicine"),
    path("<row:patient_id>/medicines/<row:row_id>/stop/", views.stop_medicine, name="stop_medicine"),
    path("<row:patient_id>/pregnancy/", views.record_pregnancy, name="record_pregnancy"),
    path("<row:patient_id>/none-known/<topic:topic>/", views.none_known, name="none_known"),
    path("<row:patient_id>/<slug:kind>/<row:row_id>/void/", views.void, name="void"),
]
