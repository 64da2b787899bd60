"""Pictures of a gateway at work, for people to look at: light, dark, on a phone, and the one of the documents."""

import os

from audio import wav
from page import (
    begin,
    end,
    follow,
    open_stream,
    send,
    speak,
    wait_connected,
    wait_readers,
    wait_state,
    wait_verified,
)


def looks_good(bench):
    """a gateway at work is pictured: light, dark and on a phone"""
    gateway = bench.other_gateway("pictured")
    page, writer = bench.page(gateway.url), bench.page(gateway.url)
    wait_connected(writer)
    for name, seconds in (("podcast-2026-11-24-opening", 9), ("support-4711", 5), ("tts-welcome-en", 3)):
        path = wav(bench.file(f"{name}.wav"), seconds, lambda t: 0.3 + 0.6 * abs(0.5 - (t * 3.7) % 1))
        page.choose_files("#files", path)
        wait_state(page, f"{name}.wav", "sealed")
    page.choose_files("#files", os.path.join(bench.samples, "hello.mp3"), os.path.join(bench.samples, "hello.opus"))
    wait_state(page, "hello.opus", "sealed")
    for name, label in (
        ("broadcast-studio-2", "Studio 2"),
        ("call-0142-agent", "agent"),
        ("call-0142-caller", "caller"),
    ):
        begin(writer, name, contentType="audio/pcm; rate=16000; channels=1", metadata={"source": label})
        speak(writer, name, pitch=0.11 + 0.03 * len(label))
    for name, count in (("broadcast-studio-2", 3), ("call-0142-agent", 1)):
        for _ in range(count):
            follow(writer, name)
        wait_readers(page, name, count)
    begin(page, "call-0139-caller", contentType="audio/pcm; rate=16000; channels=1", metadata={"source": "caller"})
    send(page, "call-0139-caller", "new Uint8Array(320000)")
    page.evaluate("globalThis.writers['call-0139-caller'].close()")
    wait_state(page, "call-0139-caller", "suspended")
    open_stream(page, "hello.mp3")
    wait_verified(page)
    # Lines in the charts; longer ones for the documents.
    points = 14 if bench.picture_path else 4
    page.wait(
        f"document.querySelector('td.rate polyline').getAttribute('points').split(' ').length > {points}",
        "there are charts",
    )
    page.evaluate("document.getElementById('play').click()")
    page.wait("/^0:0[4-9]/.test(document.getElementById('time').textContent)", "it plays")
    page.evaluate("document.getElementById('play').click()")
    page.evaluate(
        "document.querySelectorAll('.upload .icon-button').forEach((button, index) => { if (index > 1) button.click(); })"
    )
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.command("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    bench.picture(page, "light")
    if bench.picture_path:
        page.screenshot(bench.picture_path)
    page.scheme(True)
    bench.picture(page, "dark")
    for is_dark in (False, True):
        phone = bench.page(gateway.url, width=390, height=844, is_phone=True, is_dark=is_dark)
        wait_connected(phone)
        wait_state(phone, "call-0142-agent", "live")
        bench.picture(phone, f"phone-{'dark' if is_dark else 'light'}", is_whole=True)
    tablet = bench.page(gateway.url, width=820, height=1180)
    wait_state(tablet, "call-0142-agent", "live")
    bench.picture(tablet, "tablet")
    for name in ("broadcast-studio-2", "call-0142-agent", "call-0142-caller"):
        end(writer, name)


JOURNEYS = [looks_good]
