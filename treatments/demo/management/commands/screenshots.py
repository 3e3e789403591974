import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from treatments.demo.people import PASSWORD

PICTURES = settings.BASE_DIR / "static" / "img" / "readme"
SIZE = {"width": 1180, "height": 780}


class Command(BaseCommand):
    help = "Makes README's pictures anew: starts a demo clinic of its own and photographs it in headless Chromium."

    def handle(self, *args, **options):
        from playwright.sync_api import sync_playwright

        from tests.browser import CHROMIUM
        from tests.journey.houses import embedded

        PICTURES.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory() as folder,
            embedded(Path(folder), at_noon=False) as house,
            sync_playwright() as play,
        ):
            browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            self.photograph(browser, house, "marta", {"day": "/calendar/"})
            self.photograph(browser, house, "ana", {"today": "/", "session": "/sessions/2/"})
            self.photograph_charting(browser, house)

    def photograph(self, browser, house, person: str, pages: dict[str, str]) -> None:
        page = self.sign_in(browser, house, person)
        for name, address in pages.items():
            page.goto(house.url + address)
            page.wait_for_load_state("networkidle")
            page.evaluate("document.querySelector('[data-scrolls]')?.scrollTo(0, 0)")
            self.keep(page, name)

    def photograph_charting(self, browser, house) -> None:
        """The last session's points as rings, and a few of today's beside them."""
        page = self.sign_in(browser, house, "ana")
        page.goto(f"{house.url}/sessions/of/1/")
        page.get_by_role("button", name="Start").first.click()
        recipe = page.locator("#add-syringe [data-field=version_id]")
        recipe.select_option(recipe.locator("option", has_text="Thigh").get_attribute("value"))
        page.locator("#add-syringe [data-field=volume_ml]").fill("5")
        page.locator("#add-syringe").get_by_role("button", name="Add").click()
        page.locator("#add-points [data-field=technique]").select_option("point_by_point")
        page.locator("#add-points [data-field=depth_mm]").fill("6")
        page.get_by_role("button", name="0.1").click()
        page.get_by_role("button", name="Front").first.click()
        for side in ("left", "right"):
            selector = f'[data-sheet="body_front"] .region[data-area="thigh_front"][data-side="{side}"]'
            box = page.locator(selector).bounding_box()
            for across in (0.4, 0.6):
                for down in (0.35, 0.45, 0.55):
                    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(3500)
        self.keep(page, "chart")

    def sign_in(self, browser, house, person: str):
        page = browser.new_context(viewport=SIZE).new_page()
        page.goto(f"{house.url}/")
        page.locator("input[name=login]").fill(f"{person}@aurora.example")
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state("networkidle")
        return page

    def keep(self, page, name: str) -> None:
        page.screenshot(path=PICTURES / f"{name}.jpg", type="jpeg", quality=72)
        self.stdout.write(f"static/img/readme/{name}.jpg")
