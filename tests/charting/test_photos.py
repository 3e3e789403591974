"""Photos that points are put on: kept byte for byte, shown without what the camera noted, part of what is signed."""

import hashlib
import io
import json

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader

from clinic.audit.models import AuditEvent
from clinic.core import guards, pictures
from clinic.core.errors import Refused
from tests.charting.drafts import WHEN
from tests.factories.patients import PatientFactory
from tests.factories.people import PASSWORD, PractitionerFactory
from tests.factories.pictures import picture, upload
from treatments.charting import photos, queries, services, signing
from treatments.charting.copying import copied
from treatments.charting.models import Injection, SessionDraft, SessionPhoto, TreatmentSession
from treatments.charting.services import Incomplete
from treatments.charting.since_copy import since_copy


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def add(session, content=None, **by):
    return photos.add_photo(session_id=session.pk, photo=upload(content), at=WHEN, **{"by": session.practitioner} | by)


def with_points(kit, session, photo, **content):
    group = kit.group(diagram=photo.key, points=[[0.25, 0.5], [0.5, 0.5], [0.75, 0.5]])
    SessionDraft.objects.filter(pk=session.pk).update(content=kit.content(groups=[group], **content))


@pytest.fixture
def charted(kit):
    """An open session with three points on a photo."""
    session = kit.start()
    with_points(kit, session, add(session))
    return session


@pytest.fixture
def signed(kit, charted):
    kit.sign(charted)
    return TreatmentSession.objects.get(pk=charted.pk)


def url(name, photo):
    return reverse(f"charting:{name}", args=[photo.session_id, photo.pk])


# What is kept and what is shown ------------------------------------------------------------------------------------


def taken_with(**extras) -> bytes:
    """A camera's JPEG, lying on its side, with a place, a model and a comment in it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0110] = "CAMERA-MODEL"
    exif.get_ifd(0x8825)[29] = "GPS-PLACE"
    return picture("JPEG", (80, 60), exif=exif, comment=b"A-COMMENT", **extras)


def test_the_original_is_kept_to_the_byte_and_shown_upright_without_its_extras(client, kit):
    sent, session = taken_with(), kit.start()
    photo = add(session, sent)
    with photo.file.open() as kept:
        assert kept.read() == sent
    assert photo.sha256 == hashlib.sha256(sent).hexdigest() and (photo.width, photo.height) == (60, 80)
    client.force_login(kit.practitioner)
    response = client.get(url("photo", photo))
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response["X-Content-Type-Options"] == "nosniff" and "no-store" in response["Cache-Control"]
    assert not any(word in response.content for word in (b"CAMERA", b"GPS", b"COMMENT", b"Exif"))
    with Image.open(io.BytesIO(response.content)) as shown:
        assert shown.size == (60, 80) and not shown.getexif()
        above, below = shown.getpixel((30, 5)), shown.getpixel((30, 75))
    assert above[1] > 200 > 100 > below[1], "the white half is above after the turn"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_three_formats_are_taken(client, kit, kind):
    session = kit.start()
    client.force_login(kit.practitioner)
    address = reverse("charting:add_photo", args=[session.pk])
    answer = client.post(address, {"photo": upload(picture(kind), "../../x.html", "text/html")}).json()
    photo = SessionPhoto.objects.get()
    assert answer["key"] == photo.key and url("photo", photo) in answer["sheet"] and "Photo 1" in answer["button"]
    assert "x.html" not in photo.file.name and photo.file.name.startswith("sessions/")
    assert AuditEvent.objects.filter(subject_type="charting.SessionPhoto", action="create", patient_id=kit.patient.pk)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture("GIF"),
        picture("TIFF"),
        picture("JPEG", (900, 900))[:-2000],
        picture("PNG", (300, 300))[:60],
        picture("PNG", (9000, 9000), mode="1"),
        b"no picture",
        b"",
    ],
    ids=["svg", "gif", "tiff", "torn jpeg", "torn png", "bomb", "text", "empty"],
)
def test_what_is_no_picture_is_refused_in_a_sentence_and_nothing_is_kept(client, kit, files, content):
    session = kit.start()
    client.force_login(kit.practitioner)
    response = client.post(reverse("charting:add_photo", args=[session.pk]), {"photo": upload(content)})
    assert response.status_code == 422 and response.json()["message"]
    assert not SessionPhoto.objects.exists() and not [path for path in files.rglob("*") if path.is_file()]


def test_too_large_and_too_many_are_refused(kit, monkeypatch):
    session = kit.start()
    monkeypatch.setattr(pictures, "LARGEST_BYTES", len(picture()) - 1)
    with pytest.raises(Refused, match="15 MB"):
        add(session)
    monkeypatch.undo()
    monkeypatch.setattr(photos, "MOST_PHOTOS", 1)
    add(session)
    with pytest.raises(Refused, match="at most 1"):
        add(session)


# Who may see, add and remove ---------------------------------------------------------------------------------------


def test_a_draft_s_photo_is_its_author_s_and_a_record_s_every_practitioner_s(client_of, kit, charted, front_desk):
    photo, colleague = charted.photos.get(), client_of(PractitionerFactory())
    assert colleague.get(url("photo", photo)).status_code == 404
    assert client_of(kit.practitioner).get(url("photo", photo)).status_code == 200
    kit.sign(charted)
    assert colleague.get(url("photo", photo)).status_code == 200
    assert client_of(front_desk).get(url("photo", photo)).status_code == 403
    seen = AuditEvent.objects.filter(subject_type="charting.SessionPhoto", action="view", subject_id=str(photo.pk))
    assert [event.patient_id for event in seen] == [kit.patient.pk] * 2


def test_a_photo_is_not_found_under_another_session(client_of, kit, charted):
    other = kit.start(patient=PatientFactory())
    address = reverse("charting:photo", args=[other.pk, charted.photos.get().pk])
    assert client_of(kit.practitioner).get(address).status_code == 404


def test_nobody_adds_to_or_takes_from_a_colleague_s_draft_or_a_record(kit, charted):
    colleague, photo = PractitionerFactory(), charted.photos.get()
    for act in [
        lambda by: photos.add_photo(session_id=charted.pk, photo=upload(), by=by),
        lambda by: photos.remove_photo(session_id=charted.pk, photo_id=photo.pk, by=by),
    ]:
        with pytest.raises(Http404):
            act(colleague)
    kit.sign(charted)
    with pytest.raises(Http404):
        add(charted)
    with pytest.raises(Http404):
        photos.remove_photo(session_id=charted.pk, photo_id=photo.pk, by=kit.practitioner)


def test_a_photo_goes_with_its_file_once_no_point_is_on_it(
    client_of, kit, charted, files, django_capture_on_commit_callbacks
):
    client, photo = client_of(kit.practitioner), charted.photos.get()
    refused = client.post(url("remove_photo", photo))
    assert (refused.status_code, SessionPhoto.objects.count()) == (422, 1)
    assert refused.json()["message"] == "3 points are on this photo. Remove the points first."
    SessionDraft.objects.filter(pk=charted.pk).update(content=kit.content())
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url("remove_photo", photo)).status_code == 204
    assert not SessionPhoto.objects.exists() and not [path for path in files.rglob("*") if path.is_file()]
    assert AuditEvent.objects.filter(subject_type="charting.SessionPhoto", action="void", subject_id=str(photo.pk))


# What is signed ----------------------------------------------------------------------------------------------------


def test_points_on_a_photo_are_signed_with_the_area_that_was_chosen(signed):
    injection, photo = signed.injections.get(), signed.photos.get()
    assert (injection.diagram, injection.area.key, injection.side, injection.count) == (
        photo.key, "thigh_front", "left", 3,
    )  # fmt: skip
    assert services.verify_signature(signed)


def test_a_record_without_photos_is_signed_as_ever(kit):
    session = kit.signed()
    rows = queries.signed_rows(session)
    assert "photos" not in json.loads(signing.canonical_content(session, *rows))


def test_points_on_another_patient_s_photo_or_a_removed_one_cannot_be_signed(kit, charted):
    other = kit.start(patient=PatientFactory())
    for key in (add(other).key, "photo_999999", "photo_x", "photo_" + "9" * 40):
        group = kit.group(diagram=key)
        SessionDraft.objects.filter(pk=charted.pk).update(content=kit.content(groups=[group]))
        with pytest.raises(Incomplete) as refused:
            kit.sign(charted)
        assert [problem.path for problem in refused.value.problems] == ["injections.i1.diagram"]


def test_one_changed_byte_or_a_missing_file_is_found(client, kit, signed, capsys):
    photo = signed.photos.get()
    path, content = photo.file.path, picture()
    call_command("verify_sessions")
    for place in (0, len(content) // 2, len(content) - 1):
        with open(path, "wb") as file:
            file.write(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert not services.verify_signature(TreatmentSession.objects.get(pk=signed.pk))
    with pytest.raises(CommandError, match=rf"photo {photo.pk} of session {signed.pk}"):
        call_command("verify_sessions")
    client.force_login(kit.practitioner)
    assert "not what was signed" in client.get(reverse("charting:session", args=[signed.pk])).text
    photo.file.storage.delete(photo.file.name)
    assert not services.verify_signature(TreatmentSession.objects.get(pk=signed.pk))
    assert client.get(url("photo", photo)).status_code == 404
    assert client.get(reverse("charting:session", args=[signed.pk])).status_code == 200


CHANGES = [
    ("sha256", "0" * 64),
    ("width", 1),
    ("height", 1),
    ("added_by_id", None),
    ("added_at", WHEN.replace(year=2025)),
]


@pytest.mark.parametrize(("column", "value"), CHANGES)
def test_what_is_noted_of_a_photo_is_part_of_what_is_signed(signed, column, value):
    value = PractitionerFactory().pk if value is None else value
    with pytest.raises(IntegrityError), transaction.atomic():
        SessionPhoto.objects.update(**{column: value})
    guards.remove()
    try:
        SessionPhoto.objects.update(**{column: value})
    finally:
        guards.install()
    assert not services.verify_signature(signed)


def test_the_database_keeps_a_signed_session_s_photos(kit, signed):
    photo = signed.photos.get()
    more = {"sha256": "0" * 64, "width": 1, "height": 1, "added_by": kit.practitioner, "added_at": WHEN}
    for act in [
        lambda: SessionPhoto.objects.create(session=signed, file=ContentFile(b"x", name="x"), **more),
        lambda: SessionPhoto.objects.all().delete(),
        photo.save,
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
    assert SessionPhoto.objects.get() == photo


# Where it is seen --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["chart", "sign", "session", "pdf"])
def test_a_page_shows_the_photo(client, kit, charted, page):
    photo = charted.photos.get()
    if page in {"session", "pdf"}:
        kit.sign(charted)
    client.force_login(kit.practitioner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    response = client.get(reverse(f"charting:{page}", args=[charted.pk]))
    if page != "pdf":
        assert url("photo", photo) in response.text and "Photo 1" in response.text
        return
    reader = PdfReader(io.BytesIO(response.content))
    pages = [sheet for sheet in reader.pages if sheet.images]
    assert len(pages) == 1 and "Photo 1, Points: 3" in pages[0].extract_text()
    with Image.open(io.BytesIO(pages[0].images[0].data)) as printed:
        assert printed.size == (40, 30)
    content = reader.attachments["signed-content.json"][0]
    assert hashlib.sha256(content).hexdigest() == TreatmentSession.objects.get(pk=charted.pk).content_hash


def test_a_record_whose_photo_is_missing_is_printed_and_says_so(client, kit, signed):
    photo = signed.photos.get()
    photo.file.storage.delete(photo.file.name)
    client.force_login(kit.practitioner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    reader = PdfReader(io.BytesIO(client.get(reverse("charting:pdf", args=[signed.pk])).content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "the photo is missing" in text and "not what was signed" in text


def test_a_copy_leaves_points_on_photos_behind_and_says_so(kit, charted):
    groups = [*SessionDraft.objects.get(pk=charted.pk).content["injections"], kit.group(id="i2", side="right")]
    SessionDraft.objects.filter(pk=charted.pk).update(content=kit.content(groups=groups))
    kit.sign(charted)
    source = TreatmentSession.objects.get(pk=charted.pk)
    content = copied({}, source, WHEN)
    assert [(group["diagram"], group["side"]) for group in content["injections"]] == [("body_front", "right")]
    other = kit.start(content, patient=kit.patient)
    chart, _problems = services.read_chart(content, other.pk)
    said = since_copy(TreatmentSession.objects.get(pk=other.pk), chart, queries.reference_of(chart))
    assert ("Thigh, front, left", "on a photo: not copied") in [(change.name, change.what) for change in said.changed]


def test_points_on_photos_are_counted_with_the_patient_s_others(client, kit, signed):
    client.force_login(kit.practitioner)
    for page in ("points", "compare", "tab"):
        response = client.get(reverse(f"charting:{page}", args=[kit.patient.pk]))
        assert response.status_code == 200
    assert Injection.objects.get().count == 3
