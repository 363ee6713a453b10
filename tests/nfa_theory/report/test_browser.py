"""The report in a browser: nothing fails to load, mathematics is set, derivations unfold, the phone need not scroll.

Needs Chromium with its driver (Debian: ``apt install chromium chromium-driver``) and selenium (the extra ``test``).
"""

import base64
import json
import shutil
from pathlib import Path

import pytest

from nfa_theory.derivation_cache import cached_document
from nfa_theory.report import write_report

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium, in the extra 'test'")
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs Chromium and chromedriver on the path"),
]
PHONE = {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True}
DESKTOP = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Write a report of real verdicts, of every kind, with equations far wider than a phone, in both ways."""
    court = json.loads((Path(__file__).parent / "court.json").read_text(encoding="utf-8"))
    documents = {each["claim"]: cached_document(each["claim"]) for each in court["claims"]}
    results = {
        "version": "1.2.3",
        "command": "nfa reproduce --quick",
        "court": court,
        "plan": {"name": "quick"},
        "machine": {"python": "3.11"},
        "durations_seconds": {"claims": 1.0},
    }
    written = {}
    for kind in ("overview", "single"):
        folder = tmp_path_factory.mktemp(kind)
        (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
        for path in write_report(folder, documents, single_file=kind == "single"):
            written[path.stem if path.parent != folder else kind] = path
    return written


@pytest.fixture(scope="module")
def driver():
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture
def opened(driver, pages):
    def open_page(metrics, which="single", **media):
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": key.replace("_", "-"), "value": value} for key, value in media.items() if key != "media"]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media.get("media", ""), "features": features})
        driver.get(pages[which].as_uri())
        return driver

    return open_page


def unfold(driver):
    driver.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize("which", ["overview", "single", "linear"])
def test_no_errors_and_every_figure_loaded(opened, which):
    driver = opened(DESKTOP, which)
    assert driver.get_log("browser") == []
    widths = driver.execute_script("return [...document.images].map(each => each.complete ? each.naturalWidth : 0)")
    assert len(widths) == (0 if which == "linear" else 1)
    assert all(width > 100 for width in widths)


def test_mathematics_is_set_and_not_shown_as_text(opened):
    """A fraction is one only if its numerator stands above its denominator; a browser without MathML runs them on."""
    driver = opened(DESKTOP)
    unfold(driver)
    boxes = driver.execute_script(
        "return [...document.querySelectorAll('mfrac')].map(each => [...each.children].map("
        "part => part.getBoundingClientRect())).map(([top, bottom]) => [top.bottom, bottom.top, top.height])"
    )
    assert len(boxes) > 20
    assert all(bottom_of_top <= top_of_bottom + 1 and height > 0 for bottom_of_top, top_of_bottom, height in boxes)
    sizes = driver.execute_script(
        "return [...document.querySelectorAll('math')].map(each => each.getBoundingClientRect().height)"
    )
    assert min(sizes) > 5


def test_a_row_unfolds_to_a_derivation_step_by_step_from_the_keyboard(opened):
    driver = opened(PHONE)
    seen = "return document.querySelector('.derivation li details .equation').checkVisibility()"
    assert not driver.execute_script(seen)
    for selector in (".rows > summary", ".claim > summary", ".derivation > summary", ".derivation li summary"):
        driver.find_element("css selector", selector).send_keys(webdriver.Keys.ENTER)
    assert driver.execute_script(seen)


@pytest.mark.parametrize("which", ["overview", "single", "linear", "identities"])
@pytest.mark.parametrize("everything", [False, True])
def test_the_phone_scrolls_down_only(opened, which, everything):
    driver = opened(PHONE, which)
    if everything:
        unfold(driver)
    width = "return document.documentElement.scrollWidth"
    assert driver.execute_script(width) == 360
    driver.execute_script("document.querySelector('main').insertAdjacentHTML('beforeend', '<pre>x</pre>')")
    driver.execute_script("document.querySelector('main').lastChild.style.width = '500px'")
    assert driver.execute_script(width) > 360  # the twin: a wide element is noticed


def test_on_the_phone_nothing_but_equations_is_cut(opened):
    """Only boxes of formulas may hold more than they show; tables become lists."""
    driver = opened(PHONE)
    unfold(driver)
    cut = (
        "return [...document.querySelectorAll('main *')].filter(each => each.getBoundingClientRect().right > 361 "
        "&& !each.closest('.equation, math, svg') && each.checkVisibility()).map(each => each.tagName)"
    )
    assert driver.execute_script(cut) == []
    driver.execute_script("document.querySelector('td').style.minWidth = '500px'")
    assert "TD" in driver.execute_script(cut)  # the twin


def test_a_wide_equation_scrolls_in_its_own_box(opened):
    driver = opened(PHONE)
    unfold(driver)
    wide = driver.execute_script(
        "const wide = [...document.querySelectorAll('.equation')].filter(e => e.scrollWidth > e.clientWidth + 50);"
        "wide[0].scrollLeft = 40; return [wide.length, wide[0].scrollLeft]"
    )
    assert wide[0] > 5
    assert wide[1] == 40


def test_light_and_dark(opened):
    ground = "return getComputedStyle(document.body).backgroundColor"
    drawing = "return getComputedStyle(document.querySelector('figure img')).filter"
    driver = opened(DESKTOP, prefers_color_scheme="light")
    assert (driver.execute_script(ground), driver.execute_script(drawing)) == ("rgb(255, 255, 255)", "none")
    driver = opened(DESKTOP, prefers_color_scheme="dark")
    assert driver.execute_script(ground) == "rgb(20, 24, 29)"
    assert "invert(1)" in driver.execute_script(drawing)  # no white card: the drawings have no ground


@pytest.mark.parametrize("which", ["overview", "single", "linear"])
def test_every_inner_link_leads_somewhere(opened, which):
    driver = opened(DESKTOP, which)
    lost = driver.execute_script(
        "return [...document.querySelectorAll('a[href^=\"#\"]')].map(each => each.getAttribute('href').slice(1))"
        ".filter(name => !document.getElementById(name))"
    )
    assert lost == []


def test_claims_are_listed_on_wide_screens_and_unfold_by_chapter_on_the_phone(opened):
    listed = "return [...document.querySelectorAll('.claim > summary')].map(each => each.checkVisibility())"
    assert all(opened(DESKTOP, "overview").execute_script(listed))
    driver = opened(PHONE, "overview")
    assert not any(driver.execute_script(listed))
    driver.find_element("css selector", ".rows > summary").send_keys(webdriver.Keys.ENTER)
    assert any(driver.execute_script(listed))


SHOWN = "return [...document.querySelectorAll('.derivation .equation')].map(each => each.checkVisibility())"


def test_a_chapter_prints_unfolded(opened):
    assert not any(opened(DESKTOP, "linear").execute_script(SHOWN))
    driver = opened(DESKTOP, "linear", media="print")
    assert all(driver.execute_script(SHOWN))
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert pdf.startswith(b"%PDF")


def test_a_single_file_prints_unfolded_on_request_only(opened):
    driver = opened(DESKTOP, media="print")
    assert not any(driver.execute_script(SHOWN))
    driver.execute_script("location.hash = 'everything'")
    assert all(driver.execute_script(SHOWN))
