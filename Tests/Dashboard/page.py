"""What a person does on the dashboard, in the words of its elements."""

import json
import os

UPLOADED = "document.querySelectorAll('.upload[data-state=\"sealed\"]').length"


def text(page, selector):
    """The text of an element, or None."""
    return page.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? null")


def row(stream_id):
    """The selector of a stream's row."""
    return f'tr[data-id="{stream_id}"]'


def wait_connected(page):
    page.wait("document.getElementById('connection').dataset.state === 'open'", "the page is connected")


def wait_state(page, stream_id, state):
    """Waits until the list shows a stream in a state."""
    page.wait(
        f"document.querySelector('{row(stream_id)} .state')?.dataset.state === '{state}'",
        f"the list shows {stream_id} as {state}",
    )


def wait_readers(page, stream_id, count):
    """Waits until the list shows so many readers of a stream."""
    page.wait(
        f"document.querySelector('{row(stream_id)} td.readers')?.textContent === '{count}'",
        f"the list shows {count} readers of {stream_id}",
    )


def ensure(page, path):
    """Uploads a file under its own name, where that was not done before."""
    name = os.path.basename(path)
    is_there = page.evaluate(f"""
        import('/dashboard/connection.js')
            .then(({{ Connection }}) => Connection.open())
            .then((connection) => connection.request({{ type: 'INFO', streamId: {json.dumps(name)} }}))
            .then(() => true, () => false)
    """)
    if not is_there:
        page.choose_files("#files", path)
    wait_state(page, name, "sealed")


def cancel(page, stream_id):
    """Cancels the upload that was begun last, once some of it was stored."""
    page.wait(f"document.querySelector('.upload .link').textContent === '{stream_id}'", f"{stream_id} is uploaded")
    page.wait("document.querySelector('.upload progress').value > 0", "some of it is stored")
    page.click(".upload button[aria-label='Cancel the upload']")
    page.wait("document.querySelector('.upload').dataset.state === 'cancelled'", "it is cancelled")


def open_stream(page, stream_id):
    """Opens a stream by its name in the list."""
    page.click(f"{row(stream_id)} .row-name")
    page.wait(
        f"document.getElementById('inspector-name').textContent === '{stream_id}'",
        f"{stream_id} is shown by itself",
    )


def wait_verified(page):
    page.wait("document.querySelector('#facts .verified') !== null", "the digest was computed and is the same")


# The heights of what is drawn in each column of a canvas, as shares of its own. It is read from a copy, since a canvas
# that is read is not drawn by the graphics card any more.
COLUMNS = """
    (() => {
        const { width, height } = document.getElementById('%s');
        const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        context.drawImage(document.getElementById('%s'), 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        return Array.from({ length: width }, (_, x) => {
            let count = 0;
            for (let y = 0; y < height; y += 1) if (data[(y * width + x) * 4 + 3] > 0) count += 1;
            return count / height;
        });
    })()
"""


def bars(page, canvas="wave"):
    """The heights of the bars of a waveform, from left to right, as shares of the canvas."""
    # Between two bars there is an empty column.
    return [height for height in page.evaluate(COLUMNS % (canvas, canvas)) if height > 0]


def wait_heard(page):
    """Waits until sound was heard, which is then on the canvas."""
    page.wait(f"Math.max(...{COLUMNS % ('wave', 'wave')}) > 0.15", "what is heard is drawn")


WRITER = """
    (async () => {
        const { Connection } = await import('/dashboard/connection.js');
        const connection = await Connection.open();
        await connection.request({ type: 'START', ...%s });
        globalThis.writers ??= {};
        globalThis.writers[%s] = connection;
    })()
"""


def begin(page, stream_id, **options):
    """Begins an upload by hand, from a page; it goes on until `end` or until the page is closed."""
    start = {"streamId": stream_id, **options}
    page.evaluate(WRITER % (json.dumps(start), json.dumps(stream_id)))


def send(page, stream_id, expression):
    """Sends the bytes that a JavaScript expression makes."""
    page.evaluate(f"globalThis.writers[{json.dumps(stream_id)}].send({expression})")


def end(page, stream_id):
    """Seals an upload that was begun by hand."""
    stop = json.dumps({"type": "STOP", "streamId": stream_id})
    page.evaluate(f"globalThis.writers[{json.dumps(stream_id)}].request({stop}).then(() => true)")


LISTENER = """
    (async () => {
        const { Connection } = await import('/dashboard/connection.js');
        const connection = await Connection.open();
        await connection.request({ type: 'SUBSCRIBE', streamId: %s });
        (globalThis.listeners ??= []).push(connection);
    })()
"""


def follow(page, stream_id):
    """Subscribes to a stream by hand, from a page; it goes on until the page is closed."""
    page.evaluate(LISTENER % json.dumps(stream_id))


# Sends a tone of 16 bit PCM in real time, until the stream is ended.
TONE = """
    (() => {
        const [rate, slice] = [16000, 100];
        let phase = 0;
        const connection = globalThis.writers[%(id)s];
        const timer = setInterval(() => {
            const samples = new Int16Array((rate * slice) / 1000);
            const loud = %(loud)s;
            for (let i = 0; i < samples.length; i += 1, phase += 1) {
                samples[i] = 32767 * loud * (0.55 + 0.45 * Math.sin(phase / 5200)) * Math.sin(phase * %(pitch)s);
            }
            if (connection.isOpen) connection.send(samples);
            else clearInterval(timer);
        }, slice);
    })()
"""


def speak(page, stream_id, pitch=0.17, loud=0.6):
    """Goes on sending a tone, as somebody does who speaks: `audio/pcm; rate=16000; channels=1`."""
    page.evaluate(TONE % {"id": json.dumps(stream_id), "pitch": pitch, "loud": loud})
