"""What a hostile stream, page or token may not do."""

import json
import os

from journeys import expect
from page import (
    begin,
    end,
    open_stream,
    send,
    wait_connected,
    wait_state,
    wait_verified,
)

SCRIPT = "<!doctype html><script>top.hasRun = true; document.documentElement.dataset.ran = 1</script><h1>Hello</h1>"


def hostile_streams_stay_text(bench):
    """a stream that is a page with a script, with markup for a type and for labels, is shown as text and never runs"""
    page = bench.page()
    wait_connected(page)
    # What the page makes of bytes is what a browser would show of them.
    page.evaluate("""
        globalThis.types = [];
        const make = URL.createObjectURL;
        URL.createObjectURL = (object) => {
            if (object instanceof Blob) globalThis.types.push(object.type);
            return make(object);
        };
    """)
    label = "<img src=x onerror='top.hasRun = true'>"
    begin(page, "hostile", contentType="text/html", metadata={label: f"<b>{label}</b>", "filename": "a.html"})
    send(page, "hostile", f"new TextEncoder().encode({json.dumps(SCRIPT)})")
    end(page, "hostile")
    wait_state(page, "hostile", "sealed")
    open_stream(page, "hostile")
    wait_verified(page)
    expect(label in page.evaluate("document.getElementById('facts').textContent"), "the label is not shown as it is")
    expect(
        page.evaluate("document.querySelectorAll('#inspector img, #rows img').length") == 0, "markup became elements"
    )
    page.click("#inspector-actions button[aria-label='Save to a file']")
    page.wait("globalThis.types.length > 0", "it can be saved")
    types = page.evaluate("globalThis.types")
    expect(all(one == "application/octet-stream" for one in types), f"bytes became {types}")
    expect(page.evaluate("globalThis.hasRun === undefined"), "the script ran")


def streams_over_http_do_not_run(bench):
    """the same stream, opened at its own address, runs no script on the page's origin, nor does one that is said to be audio"""
    page = bench.page()
    wait_connected(page)
    begin(page, "hostile-audio", contentType="audio/mpeg")
    send(page, "hostile-audio", f"new TextEncoder().encode({json.dumps(SCRIPT)})")
    end(page, "hostile-audio")
    kind, options, policy = page.evaluate("""
        fetch('/streams/hostile').then(({ headers }) => [
            headers.get('content-type'), headers.get('x-content-type-options'), headers.get('content-security-policy'),
        ])
    """)
    expect(kind == "application/octet-stream" and options == "nosniff", f"it is served as {kind}, {options}")
    expect("sandbox" in (policy or ""), f"it is not put into a sandbox: {policy}")
    for name in ("hostile", "hostile-audio"):
        page.command("Page.navigate", url=f"{bench.gateway.url}streams/{name}")
        page.wait("document.readyState === 'complete'", "whatever comes of it has come")
        expect(page.evaluate("document.documentElement.dataset.ran === undefined"), "its script ran")


def the_policy_holds(bench):
    """the page's own policy refuses scripts and styles in markup, code from strings, other origins, and being framed"""
    page = bench.page()
    wait_connected(page)
    refused = page.evaluate("""
        (async () => {
            const refused = [];
            const listener = (event) => refused.push(event.effectiveDirective);
            document.addEventListener('securitypolicyviolation', listener);
            const script = document.createElement('script');
            try { script.src = 'data:text/javascript,top.hasRun=1'; } catch { refused.push('script.src'); }
            try { setTimeout('top.hasRun=1'); } catch { refused.push('setTimeout'); }
            const image = new Image();
            image.src = 'http://127.0.0.2/x.png';
            await fetch('http://127.0.0.2/').catch(() => {});
            const div = document.createElement('div');
            div.setAttribute('style', 'color: red');
            document.body.append(div);
            try { div.innerHTML = '<b>x</b>'; } catch { refused.push('innerHTML'); }
            await new Promise((resolve) => setTimeout(resolve, 300));
            document.removeEventListener('securitypolicyviolation', listener);
            return refused;
        })()
    """)
    for directive in ("connect-src", "img-src", "style-src-attr", "innerHTML", "script.src", "setTimeout"):
        expect(directive in refused, f"{directive} is not refused: {refused}")
    expect(page.evaluate("globalThis.hasRun === undefined"), "a script ran")
    page.errors.clear()
    page.requests.clear()
    frame = bench.page("about:blank")
    frame.evaluate(f"""
        const frame = document.createElement('iframe');
        frame.src = {json.dumps(bench.gateway.url)};
        document.body.append(frame);
    """)
    frame.wait(
        "(() => { try { return document.querySelector('iframe').contentDocument === null } catch { return true } })()",
        "the frame has loaded something else than this page",
    )
    frame.wait("true", "")
    expect(frame.evaluate("window.length") == 1, "no frame")
    frame.errors.clear()


TOKEN = "a-token-that-only-this-check-knows-4711"


def asks_for_a_token(bench):
    """where the gateway needs a token the page asks for it, says when it is wrong, and never puts it into a URL"""
    path = bench.file("tokens")
    with open(path, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"dashboard admin {TOKEN}\nlistener read {TOKEN}-for-less\n")
    page = bench.page(bench.other_gateway("locked", security={"tokenFile": path}).url)

    def give(token):
        page.wait("document.getElementById('token-dialog').open", "a token is asked for")
        page.evaluate("document.getElementById('token').focus()")
        page.type(token)
        page.key("Enter")

    give(f"{TOKEN}-and-more")
    page.wait("document.getElementById('token-reason').textContent.includes('does not know')", "it is said to be wrong")
    bench.picture(page, "token")
    give(f"{TOKEN}-for-less")
    page.wait("document.getElementById('trouble').textContent.includes('list')", "the right that is missing is named")
    page.click("#token-open")
    give(TOKEN)
    wait_connected(page)
    page.choose_files("#files", os.path.join(bench.samples, "hello.mp3"))
    wait_state(page, "hello.mp3", "sealed")
    open_stream(page, "hello.mp3")
    wait_verified(page)
    page.go(page.evaluate("location.href"))
    wait_state(page, "hello.mp3", "sealed")
    expect(not any(TOKEN in url for url in page.requests), "the token is in a URL")
    expect(
        page.evaluate("document.cookie === '' && localStorage.length === 0"),
        "the token is kept for longer than the tab",
    )
    # A browser says of every 401 and 403 that it is one, and of a WebSocket in words of its own.
    expected = ("401", "403", "HTTP Authentication failed")
    page.errors = [error for error in page.errors if not any(one in error for one in expected)]


JOURNEYS = [asks_for_a_token, hostile_streams_stay_text, streams_over_http_do_not_run, the_policy_holds]
