"""Whether the page can be used without a mouse, without eyes, and with weak ones."""

import os

from journeys import expect
from page import ensure, open_stream, row, wait_connected, wait_verified

INTERACTIVE = {"button", "link", "textbox", "searchbox", "combobox", "slider", "checkbox", "menuitem", "option"}

# WCAG 2.2, 1.4.3: the ratio of luminances of a text and of what it stands on, for every visible text.
CONTRAST = """
    (() => {
        const luminance = ([r, g, b]) => {
            const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
            return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
        };
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        canvas.canvas.width = canvas.canvas.height = 1;
        // Whatever way a colour is written, its bytes tell.
        const bytes = (colour) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data];
        };
        const background = (node) => {
            for (let at = node; at !== null; at = at.parentElement) {
                const colour = bytes(getComputedStyle(at).backgroundColor);
                if (colour[3] === 255) return colour;
            }
            return bytes(getComputedStyle(document.documentElement).backgroundColor === 'rgba(0, 0, 0, 0)' ? 'Canvas' : 'white');
        };
        const poor = [];
        let count = 0;
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const parent = walker.currentNode.parentElement;
            if (walker.currentNode.data.trim() === '' || !parent.checkVisibility({ visibilityProperty: true })) continue;
            if (['SCRIPT', 'STYLE', 'NOSCRIPT', 'OPTION'].includes(parent.tagName) || parent.closest('.unseen') !== null) continue;
            // A control that can't be used may be faint (1.4.3, incidental).
            if (parent.closest('button:disabled') !== null) continue;
            const style = getComputedStyle(parent);
            const [one, other] = [luminance(bytes(style.color)), luminance(background(parent))];
            const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
            count += 1;
            const size = parseFloat(style.fontSize);
            const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            if (ratio < (isLarge ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${parent.tagName}.${parent.className} “${walker.currentNode.data.trim().slice(0, 30)}”`);
        }
        return { poor, count };
    })()
"""

STRUCTURE = """
    (() => {
        const wrong = [];
        const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
        for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`two of #${id}`);
        for (const attribute of ['aria-labelledby', 'aria-describedby', 'for']) {
            for (const node of document.querySelectorAll(`[${attribute}]`)) {
                for (const id of node.getAttribute(attribute).split(/\\s+/)) if (!ids.includes(id)) wrong.push(`${attribute} to no #${id}`);
            }
        }
        let level = 0;
        for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
            const own = Number(heading.tagName[1]);
            if (own > level + 1) wrong.push(`${heading.tagName} after h${level}`);
            level = own;
        }
        if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
        if (document.documentElement.lang === '') wrong.push('no language');
        if (document.querySelectorAll('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])').length > 0) wrong.push('tabindex');
        if (document.querySelectorAll('[style], [onclick]').length > 0) wrong.push('inline style or script');
        return wrong;
    })()
"""

# Small targets are hard to hit (WCAG 2.2, 2.5.8).
TARGETS = """
    Array.from(document.querySelectorAll('button, input:not([hidden]), select, a[href]'))
        .filter((node) => node.checkVisibility() && node.closest('.skip') === null)
        .map((node) => [node, node.getBoundingClientRect()])
        .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
        .filter(([node]) => !node.matches('.link, .row-name'))
        .map(([node, { width, height }]) => `${node.id || node.className}: ${width}×${height}`)
"""


def names(page):
    """What Chromium tells a screen reader: roles and names."""
    page.command("Accessibility.enable")
    nodes = page.command("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value")
    ]


def check_page(page, what):
    wrong = page.evaluate(STRUCTURE)
    expect(not wrong, f"{what}: {wrong}")
    found = names(page)
    nameless = [role for role, name in found if role in INTERACTIVE and not name.strip()]
    expect(not nameless, f"{what}: controls without a name: {nameless}")
    for is_dark in (False, True):
        page.scheme(is_dark)
        contrast = page.evaluate(CONTRAST)
        expect(contrast["count"] > 10, f"{what}: there is no text")
        expect(not contrast["poor"], f"{what}, {'dark' if is_dark else 'light'}: poor contrast: {contrast['poor']}")
    page.scheme(False)
    small = page.evaluate(TARGETS)
    expect(not small, f"{what}: small targets: {small}")
    return found


def everything_has_a_name(bench):
    """every control has a name, the landmarks are there, and every text has enough contrast in light and dark"""
    page = bench.page()
    wait_connected(page)
    ensure(page, os.path.join(bench.samples, "hello.mp3"))
    open_stream(page, "hello.mp3")
    wait_verified(page)
    found = check_page(page, "a stream")
    for role, name in (
        ("banner", ""),
        ("main", ""),
        ("contentinfo", ""),
        ("search", ""),
        ("region", "Streams"),
        ("region", "Gateway"),
        ("region", "Add audio"),
        ("region", "hello.mp3"),
        ("table", None),
        ("slider", "Position"),
        ("alert", None),
    ):
        if role == "alert":
            continue
        expect(
            any(one == role and (name is None or name == its) for one, its in found),
            f"no {role} “{name}” in {sorted(set(found))[:80]}",
        )
    page.click(f"{row('hello.mp3')} .actions button")
    page.wait("document.getElementById('delete-dialog').open", "it is asked")
    found = check_page(page, "the question")
    expect(
        any(role == "alertdialog" and name == "Delete this stream?" for role, name in found),
        "the question is no dialog",
    )


def works_by_keyboard(bench):
    """everything is reached by Tab in the order of the page, seen to have the focus, and done by keys"""
    page = bench.page()
    wait_connected(page)
    ensure(page, os.path.join(bench.samples, "hello.mp3"))
    ensure(page, os.path.join(bench.samples, "hello.opus"))
    seen = []
    for _ in range(60):
        page.key("Tab")
        here = page.evaluate("""
            (() => {
                const node = document.activeElement;
                if (node === null || node === document.body) return null;
                const all = [...document.querySelectorAll('*')];
                const { outlineStyle, outlineWidth } = getComputedStyle(node);
                return { at: all.indexOf(node), what: node.id || node.className || node.tagName, isSeen: outlineStyle !== 'none' && outlineWidth !== '0px' };
            })()
        """)
        if here is None or (seen and here["at"] == seen[0]["at"]):
            break
        expect(here["isSeen"], f"the focus on {here['what']} is not seen")
        expect(
            not seen or here["at"] > seen[-1]["at"], f"{here['what']} comes before {seen[-1]['what'] if seen else ''}"
        )
        seen.append(here)
    expect(len(seen) > 8, f"only {[one['what'] for one in seen]} are reached")
    page.evaluate(f"document.querySelector('{row('hello.mp3')} .row-name').focus()")
    page.key("ArrowDown")
    second = page.evaluate("document.activeElement.textContent")
    expect(second != "hello.mp3" and second, "ArrowDown goes nowhere")
    page.key("ArrowUp")
    page.key("Enter")
    page.wait("document.getElementById('inspector-name').textContent === 'hello.mp3'", "Enter opens it")
    # A refresh of the list leaves the focus where it is.
    page.evaluate(
        "new Promise((resolve) => { const read = performance.now(); const look = () => (performance.now() - read > 2500 ? resolve() : setTimeout(look, 100)); look(); })"
    )
    expect(page.evaluate("document.activeElement.textContent") == "hello.mp3", "the refresh took the focus away")
    page.key("Delete")
    page.wait("document.getElementById('delete-dialog').open", "Delete asks")
    page.key("Enter")
    page.wait("!document.getElementById('delete-dialog').open", "Enter on Cancel cancels")
    expect(page.evaluate("document.activeElement.textContent") == "hello.mp3", "the focus is not where it was")
    page.key("Escape")
    page.wait("'empty' in document.getElementById('inspector').dataset", "Escape closes the stream")


def fits_a_phone(bench):
    """on a phone nothing is cut off, a stream is shown over the list, and closing it goes back to where one was"""
    page = bench.page(width=390, height=844, is_phone=True)
    wait_connected(page)
    ensure(page, os.path.join(bench.samples, "hello.mp3"))
    width = page.evaluate("document.documentElement.scrollWidth")
    expect(width <= 390, f"the page is {width} wide")
    bench.picture(page, "phone")
    open_stream(page, "hello.mp3")
    wait_verified(page)
    expect(page.evaluate("document.getElementById('sheet').open"), "it is not shown over the list")
    expect(page.evaluate("document.getElementById('sheet').scrollWidth") <= 390, "the stream is too wide")
    check_page(page, "a stream on a phone")
    bench.picture(page, "phone-stream")
    page.click("#inspector-close")
    page.wait("!document.getElementById('sheet').open", "it closes")
    expect(page.evaluate("document.activeElement.textContent") == "hello.mp3", "the focus is not where it was")


JOURNEYS = [everything_has_a_name, works_by_keyboard, fits_a_phone]
