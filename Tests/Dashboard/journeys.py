"""What people come to the dashboard for, from the first look to the last."""

import base64
import hashlib
import os
import re
import shutil
import signal

from audio import large, wav
from browser import Failure
from page import (
    UPLOADED,
    bars,
    begin,
    cancel,
    end,
    ensure,
    open_stream,
    row,
    send,
    speak,
    text,
    wait_connected,
    wait_heard,
    wait_readers,
    wait_state,
    wait_verified,
)


def expect(holds, what):
    if not holds:
        raise Failure(what)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def starts_empty(bench):
    """an empty gateway's page says how to begin, with the address to use"""
    page = bench.page()
    wait_connected(page)
    page.wait("!document.getElementById('empty').hidden", "the empty state is shown")
    expect(f"ws://127.0.0.1:{bench.gateway.port}/audio" in text(page, "#empty pre"), "the command has no address")
    bench.picture(page, "empty")


def uploads_a_chosen_file(bench):
    """a chosen file is sealed with the digest that it has on disk, and its waveform is drawn from its samples"""
    page = bench.page()
    wait_connected(page)
    sample = os.path.join(bench.samples, "hello.mp3")
    page.choose_files("#files", sample)
    wait_state(page, "hello.mp3", "sealed")
    open_stream(page, "hello.mp3")
    wait_verified(page)
    expect(text(page, "#facts .digest code") == sha256(sample), "the digest is another")
    page.wait("!document.getElementById('play').disabled", "the player takes it")
    heights = bars(page)
    expect(len(heights) > 80 and max(heights) > 0.3 and min(heights) < 0.1, f"that is no waveform: {heights[:20]}")
    page.evaluate("document.getElementById('play').focus()")
    page.key("Enter")
    page.wait("/^0:0[1-9]/.test(document.getElementById('time').textContent)", "it plays")
    expect(text(page, "#play-name") == "Pause", "the button does not offer to pause")
    page.evaluate("document.getElementById('seek').focus()")
    page.key(" ")
    page.wait("document.getElementById('play-name').textContent === 'Play'", "Space pauses it")
    page.key("End")
    page.wait(
        "document.getElementById('seek').getAttribute('aria-valuenow') === document.getElementById('seek').getAttribute('aria-valuemax')",
        "End goes to the end",
    )


def draws_what_is_there(bench):
    """silence is drawn as silence and sound as sound: the second half of this file, and nothing before it"""
    page = bench.page()
    wait_connected(page)
    path = wav(bench.file("half.wav"), 4, lambda t: 0.8 if t >= 0.5 else 0.0)
    page.choose_files("#files", path)
    wait_state(page, "half.wav", "sealed")
    open_stream(page, "half.wav")
    wait_verified(page)
    page.wait("!document.getElementById('play').disabled", "it can be played")
    heights = bars(page)
    middle = len(heights) // 2
    expect(max(heights[: middle - 4]) < 0.05, f"there is no silence: {max(heights[: middle - 4])}")
    expect(min(heights[middle + 4 :]) > 0.6, f"there is no sound: {min(heights[middle + 4 :])}")


def draws_long_streams(bench):
    """a quarter of an hour and more is drawn from places all over the stream, and played"""
    page = bench.page()
    wait_connected(page)
    with open(os.path.join(bench.samples, "hello.mp3"), "rb") as file:
        sample = file.read()
    # Frames follow frames: that is a file again, of 17 minutes.
    with open(bench.file("long.mp3"), "wb") as file:
        file.write(sample * 80)
    # 20 MB are more than what is read without being asked for.
    page.choose_files("#files", bench.file("long.mp3"), wav(bench.file("long.wav"), 640, lambda t: 0.5 * t))
    wait_state(page, "long.mp3", "sealed")
    open_stream(page, "long.mp3")
    wait_verified(page)
    page.wait(
        "document.getElementById('player-state').textContent === 'Drawn from 120 places in the stream.'", "it is drawn"
    )
    expect(max(bars(page)) > 0.3, "it is drawn as silence")
    page.wait("/\\/ 17:\\d\\d$/.test(document.getElementById('time').textContent)", "it is known how long it is")
    wait_state(page, "long.wav", "sealed")
    open_stream(page, "long.wav")
    page.wait("document.getElementById('play-name').textContent === 'Load 20.5 MB to play'", "it is not read unasked")
    page.click("#play")
    wait_verified(page)
    page.wait("document.getElementById('play-name').textContent === 'Play'", "it can be played")
    heights = bars(page)
    quarter = len(heights) // 4
    # The same way of drawing Ogg, which is not to be had so long without a recording of that length.
    page.choose_files("#files", shutil.copy(os.path.join(bench.samples, "hello.opus"), bench.file("short.opus")))
    wait_state(page, "short.opus", "sealed")
    picture = page.evaluate("""
        (async () => {
            const { RangeReader } = await import('/dashboard/download.js');
            const { identify } = await import('/dashboard/formats.js');
            const { waveform } = await import('/dashboard/peaks.js');
            const reader = await RangeReader.open('short.opus');
            const { size } = await reader.info();
            const read = (offset, length) => reader.read(offset, length);
            const { high, detail } = await waveform(identify(await read(0, 65536)), size, read, Infinity);
            return { most: Math.max(...high), silent: high.filter((value) => value < 0.02).length, detail };
        })()
    """)
    expect(picture["most"] > 0.3 and picture["silent"] < 60 and "120 places" in picture["detail"], f"{picture}")
    expect(max(heights[:quarter]) < 0.2 < 0.38 < max(heights[-quarter:]) < 0.55, f"that is no slope: {heights}")


def takes_dropped_files(bench):
    """files dropped anywhere on the page are uploaded, and one whose name is taken gets another id"""
    page = bench.page()
    wait_connected(page)
    sample = os.path.join(bench.samples, "hello.mp3")
    ensure(page, sample)
    before = page.evaluate(UPLOADED)
    page.drop_files(300, 600, os.path.join(bench.samples, "hello.opus"), sample)
    page.wait(f"{UPLOADED} === {before + 2}", "both are sealed")
    names = page.evaluate("Array.from(document.querySelectorAll('.upload .link'), (node) => node.textContent)")
    other = next((name for name in names if re.fullmatch(r"hello-[0-9a-z]{6}\.mp3", name)), None)
    expect(other is not None, f"no other id in {names}")
    wait_state(page, other, "sealed")


def says_what_it_cannot_play(bench):
    """bytes that are no audio are said to be none, and are neither drawn nor played"""
    page = bench.page()
    wait_connected(page)
    path = bench.file("notes.bin")
    with open(path, "wb") as file:
        file.write(bytes(range(1, 256)) * 40)
    page.choose_files("#files", path)
    wait_state(page, "notes.bin", "sealed")
    open_stream(page, "notes.bin")
    wait_verified(page)
    page.wait("document.getElementById('player-state').textContent.includes('no audio format')", "the reason is said")
    expect(page.evaluate("document.getElementById('play').disabled"), "it is offered to be played")


def deletes_when_confirmed(bench):
    """nothing is deleted before it was confirmed, and what is deleted is gone from the list"""
    page = bench.page()
    wait_connected(page)
    with open(bench.file("notes.bin"), "wb") as file:
        file.write(b"not a sound")
    ensure(page, bench.file("notes.bin"))
    page.click(f"{row('notes.bin')} .actions button")
    page.wait("document.getElementById('delete-dialog').open", "it is asked")
    expect(text(page, "#delete-id") == "notes.bin", "another stream is named")
    expect(page.evaluate("document.activeElement.id") == "delete-cancel", "the focus is not on Cancel")
    bench.picture(page, "delete")
    page.key("Escape")
    page.wait("!document.getElementById('delete-dialog').open", "Escape cancels")
    wait_state(page, "notes.bin", "sealed")
    page.click(f"{row('notes.bin')} .actions button")
    page.click("#delete-confirm")
    page.wait(f"document.querySelector('{row('notes.bin')}') === null", "it is gone")
    expect("was deleted" in text(page, "#announcements"), "nobody is told")
    begin(page, "busy")
    page.click(f"{row('busy')} .actions button")
    page.click("#delete-confirm")
    page.wait(
        "document.getElementById('delete-error').textContent !== ''",
        "a stream that is being written is refused, and why",
    )
    page.key("Escape")
    end(page, "busy")


def is_searched_and_paged(bench):
    """streams are found by a part of their id, filtered by state, and shown a page at a time"""
    page = bench.page(bench.other_gateway("paged").url)
    wait_connected(page)
    for index in range(30):
        begin(page, f"call-{index:02}", metadata={"caller": f"+49 30 {index:04}"})
        end(page, f"call-{index:02}")
    page.wait(
        "!document.getElementById('pages').hidden && !document.getElementById('next').disabled", "there are pages"
    )
    page.click("#next")
    wait_state(page, "call-29", "sealed")
    expect(text(page, "#page") == "Page 2", "this is not page 2")
    page.key("/")
    page.type("0017")
    wait_state(page, "call-17", "sealed")
    page.wait("document.querySelectorAll('#rows tr').length === 1", "only one has this label")
    page.evaluate(
        "document.getElementById('search').value = 'no such stream'; "
        "document.getElementById('search').dispatchEvent(new Event('input'))"
    )
    page.wait("!document.getElementById('nothing').hidden", "it is said that nothing matches")


def is_followed_live(bench):
    """PCM that is being written is listened to and drawn as it comes, and can be played when it is sealed"""
    page, writer = bench.page(), bench.page()
    wait_connected(page)
    wait_connected(writer)
    begin(writer, "live-pcm", contentType="audio/pcm; rate=16000; channels=1")
    speak(writer, "live-pcm", loud=0.7)
    page.evaluate(
        "document.getElementById('search').value = 'live-'; "
        "document.getElementById('search').dispatchEvent(new Event('input'))"
    )
    wait_state(page, "live-pcm", "live")
    page.wait(
        f"/bit\\/s/.test(document.querySelector('{row('live-pcm')} .rate')?.textContent)",
        "its rate is shown",
    )
    open_stream(page, "live-pcm")
    page.click("#play")
    page.wait("document.getElementById('player-state').textContent.startsWith('Listening live to PCM')", "it listens")
    wait_heard(page)
    wait_readers(page, "live-pcm", 1)
    bench.picture(page, "live")
    end(writer, "live-pcm")
    wait_state(page, "live-pcm", "sealed")
    wait_verified(page)
    wait_readers(page, "live-pcm", 0)


def follows_files_as_they_come(bench):
    """MP3 and Ogg Opus that are being written are listened to, and FLAC is said not to be"""
    page, writer = bench.page(), bench.page()
    wait_connected(page)
    wait_connected(writer)
    page.evaluate(
        "document.getElementById('search').value = 'live-'; "
        "document.getElementById('search').dispatchEvent(new Event('input'))"
    )
    for name, kind in (("hello.mp3", "MP3"), ("hello.opus", "Ogg Opus")):
        ensure(writer, os.path.join(bench.samples, name))
        stream = f"live-{name}"
        begin(writer, stream)
        # As a microphone would, until it was heard; then the rest at once.
        writer.evaluate(f"""
            (async () => {{
                const {{ readWhole }} = await import('/dashboard/download.js');
                const {{ Connection }} = await import('/dashboard/connection.js');
                const size = (await (await Connection.open()).request({{ type: 'INFO', streamId: '{name}' }})).size;
                const {{ parts }} = await readWhole('{name}', size, () => {{}}, new AbortController().signal);
                const whole = new Uint8Array(await new Blob(parts).arrayBuffer());
                const connection = globalThis.writers['{stream}'];
                globalThis.wasHeard = false;
                let at = 0;
                const timer = setInterval(() => {{
                    const end = globalThis.wasHeard ? whole.length : Math.floor(at + whole.length / 120);
                    connection.send(whole.subarray(at, end));
                    at = end;
                    if (at < whole.length) return;
                    clearInterval(timer);
                    connection.request({{ type: 'STOP', streamId: '{stream}' }});
                }}, 100);
            }})()
        """)
        wait_state(page, stream, "live")
        open_stream(page, stream)
        page.click("#play")
        page.wait(
            f"document.getElementById('player-state').textContent === 'Listening live to {kind}'",
            f"{kind} is followed",
        )
        wait_heard(page)
        writer.evaluate("globalThis.wasHeard = true")
        wait_state(page, stream, "sealed")
        wait_verified(page)
    begin(writer, "live-flac")
    send(writer, "live-flac", "new TextEncoder().encode('fLaC' + '\\0'.repeat(100))")
    wait_state(page, "live-flac", "live")
    open_stream(page, "live-flac")
    page.click("#play")
    page.wait("document.getElementById('player-state').textContent.includes('FLAC can’t be followed')", "it is said so")


def records_the_microphone(bench):
    """the microphone is recorded into a live stream that another page listens to, and that is sealed when it stops"""
    page, listener = bench.page(), bench.page()
    wait_connected(page)
    wait_connected(listener)
    page.click("#record")
    page.wait("document.getElementById('record-name').textContent === 'Stop recording'", "it records")
    name = page.wait("document.querySelector('.upload .link')?.textContent", "its stream has a name")
    listener.evaluate(
        "document.getElementById('search').value = 'recording-'; "
        "document.getElementById('search').dispatchEvent(new Event('input'))"
    )
    wait_state(listener, name, "live")
    open_stream(listener, name)
    listener.click("#play")
    listener.wait(
        "document.getElementById('player-state').textContent.startsWith('Listening live to WebM')",
        "it is listened to",
    )
    wait_heard(listener)
    page.click("#record")
    page.wait("document.querySelector('.upload').dataset.state === 'sealed'", "the recording is sealed")
    wait_state(listener, name, "sealed")
    wait_verified(listener)
    listener.wait("!document.getElementById('play').disabled", "it can be played")
    expect(max(bars(listener)) > 0.15, "the recording is drawn as silence")


def resumes_after_a_kill(bench):
    """an upload goes on where the gateway says it is, after that was killed and started again, and is the same bytes"""
    page = bench.page()
    wait_connected(page)
    path = large(bench.file("large.wav"), 256 << 20)
    page.choose_files("#files", path)
    page.wait("document.querySelector('.upload progress')?.value > 0.02", "it is under way")
    bench.gateway.send_signal(signal.SIGSTOP)
    before = page.evaluate("document.querySelector('.upload progress').value")
    expect(before < 1, "it was over too soon to be interrupted")
    bench.gateway.stop(signal.SIGKILL)
    page.wait("document.querySelector('.upload').dataset.state === 'interrupted'", "the page notices")
    page.wait(
        "document.getElementById('connection').dataset.state === 'closed'", "the page says that it is not connected"
    )
    bench.picture(page, "interrupted")
    bench.gateway.start()
    page.wait("document.querySelector('.upload').dataset.state === 'sealed'", "it is sealed in the end", 180)
    wait_connected(page)
    wait_state(page, "large.wav", "sealed")
    digest = page.evaluate(f"document.querySelector('{row('large.wav')} .digest-cell code').title")
    expect(digest == sha256(path), f"other bytes were stored: {digest}")
    page.click(f"{row('large.wav')} .actions button")
    page.click("#delete-confirm")
    page.wait(f"document.querySelector('{row('large.wav')}') === null", "it is gone")
    # A browser says of every connection that it can't open that it couldn't.
    page.errors = [error for error in page.errors if "ERR_CONNECTION" not in error]


def goes_on_with_a_file(bench):
    """a suspended stream is gone on with by its own file and by no other, and is the whole file then"""
    page = bench.page()
    wait_connected(page)
    sample = os.path.join(bench.samples, "hello.mp3")
    with open(sample, "rb") as file:
        beginning = file.read(70_000)
    begin(page, "broken")
    send(page, "broken", f"Uint8Array.from(atob('{base64.b64encode(beginning).decode()}'), (c) => c.charCodeAt(0))")
    page.evaluate("globalThis.writers.broken.close()")
    wait_state(page, "broken", "suspended")
    open_stream(page, "broken")
    # The dialog for choosing files is the browser's own, and is not opened here.
    page.command("Page.setInterceptFileChooserDialog", enabled=True)
    page.click("#resume")
    page.choose_files("#files", os.path.join(bench.samples, "hello.opus"))
    page.wait("document.querySelector('.upload').dataset.state === 'failed'", "another file is refused")
    expect("does not begin with" in text(page, ".upload-state"), "it is not said why")
    expect(text(page, f"{row('broken')} .state") == "suspended", "the stream is not as it was")
    page.click("#resume")
    page.choose_files("#files", sample)
    wait_state(page, "broken", "sealed")
    page.wait(
        f"document.querySelector('#facts .digest code')?.textContent === '{sha256(sample)}'", "it is the whole file"
    )


def leaves_what_others_began(bench):
    """an upload that went on with a suspended stream and is cancelled leaves that there, and one of its own is gone"""
    page = bench.page()
    wait_connected(page)
    # So long that it is still under way when it is cancelled.
    path = large(bench.file("endless.wav"), 4 << 30)
    with open(path, "rb") as file:
        beginning = file.read(70_000)
    begin(page, "others")
    send(page, "others", f"Uint8Array.from(atob('{base64.b64encode(beginning).decode()}'), (c) => c.charCodeAt(0))")
    page.evaluate("globalThis.writers.others.close()")
    wait_state(page, "others", "suspended")
    open_stream(page, "others")
    page.command("Page.setInterceptFileChooserDialog", enabled=True)
    page.click("#resume")
    page.choose_files("#files", path)
    cancel(page, "others")
    expect("stays, suspended" in text(page, ".upload-state"), "it is not said what is left")
    wait_state(page, "others", "suspended")
    kept = page.evaluate("""
        import('/dashboard/connection.js')
            .then(({ Connection }) => Connection.open())
            .then((connection) => connection.read('others', 0, 64))
            .then((bytes) => Array.from(bytes))
    """)
    expect(kept == list(beginning[:64]), f"other bytes are there: {kept}")
    page.click("#choose")
    page.choose_files("#files", path)
    cancel(page, "endless.wav")
    expect("stays" not in text(page, ".upload-state"), "it is said to be left though it is removed")
    page.wait(
        """
        import('/dashboard/connection.js')
            .then(({ Connection }) => Connection.open())
            .then((connection) => connection.request({ type: 'INFO', streamId: 'endless.wav' }))
            .then(() => false, ({ code }) => code === 'stream_not_found')
        """,
        "one of its own is gone",
    )
    page.click(f"{row('others')} .actions button")
    page.click("#delete-confirm")
    page.wait(f"document.querySelector('{row('others')}') === null", "what was left can be deleted")


JOURNEYS = [
    starts_empty,
    uploads_a_chosen_file,
    draws_what_is_there,
    draws_long_streams,
    takes_dropped_files,
    says_what_it_cannot_play,
    deletes_when_confirmed,
    is_followed_live,
    follows_files_as_they_come,
    records_the_microphone,
    is_searched_and_paged,
    goes_on_with_a_file,
    leaves_what_others_began,
    resumes_after_a_kill,
]
