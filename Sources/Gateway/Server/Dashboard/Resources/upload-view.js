// Where uploads begin, and where one sees how they are: files that are dropped or chosen, and the microphone.

import { announce, byId, element, iconButton, setText } from './dom.js';
import { Recorder } from './recorder.js';
import { FileSource, RecordingSource } from './sources.js';
import { idFrom, Upload } from './upload.js';
import { Waveform } from './waveform.js';
import * as words from './words.js';

/** How many files are sent at once; the others wait. */
const atOnce = 3;

export class UploadView {
    /** Called when an upload has begun or is over. */
    onchange = () => {};
    /** Called with the id of a stream that somebody wants to see. */
    onopen = () => {};

    #waiting = [];
    #running = 0;
    #recorder = null;
    #recorded = null;
    /** The stream that the next chosen file goes on with, or null. */
    #resumed = null;
    #meter = new Waveform(byId('record-wave'));

    constructor() {
        const input = byId('files');
        byId('choose').addEventListener('click', () => {
            this.#resumed = null;
            input.click();
        });
        input.addEventListener('change', () => {
            const files = [...input.files];
            input.value = '';
            if (this.#resumed === null) this.#add(files);
            else if (files.length > 0) this.#enqueue(new Upload(this.#resumed, new FileSource(files[0]), null));
        });
        byId('record').addEventListener('click', () => this.#toggleRecording());
        this.#takeDrops();
        const obstacle = Recorder.obstacle;
        if (obstacle !== null) {
            byId('record').disabled = true;
            setText(byId('record-state'), obstacle);
        }
        addEventListener('beforeunload', (event) => {
            if (this.#running > 0) event.preventDefault();
        });
    }

    /** Asks for the file that a suspended stream is the beginning of, and sends the rest of it. */
    resume(streamId) {
        this.#resumed = streamId;
        byId('files').click();
    }

    #takeDrops() {
        const zone = byId('drop');
        let depth = 0;
        const isFiles = (event) => event.dataTransfer?.types.includes('Files');
        // The whole page takes them: a file that misses the zone would otherwise replace the page.
        addEventListener('dragenter', (event) => {
            if (!isFiles(event)) return;
            depth += 1;
            zone.dataset.over = '';
        });
        addEventListener('dragleave', () => {
            depth = Math.max(0, depth - 1);
            if (depth === 0) delete zone.dataset.over;
        });
        addEventListener('dragover', (event) => {
            if (isFiles(event)) event.preventDefault();
        });
        addEventListener('drop', (event) => {
            depth = 0;
            delete zone.dataset.over;
            if (!isFiles(event)) return;
            event.preventDefault();
            this.#add(event.dataTransfer.files);
        });
    }

    #add(files) {
        for (const file of files) {
            const options = { metadata: { filename: [...file.name].slice(0, 60).join('') } };
            // Only what is a media type: browsers leave it empty for what they do not know.
            if (/^[\w.+-]+\/[\w.+-]+$/.test(file.type)) options.contentType = file.type;
            this.#enqueue(new Upload(idFrom(file.name), new FileSource(file), options));
        }
    }

    #enqueue(upload) {
        this.#list(upload);
        this.#waiting.push(upload);
        this.#next();
    }

    #next() {
        while (this.#running < atOnce && this.#waiting.length > 0) this.#run(this.#waiting.shift());
    }

    async #run(upload) {
        this.#running += 1;
        const begun = upload.run();
        this.onchange();
        await begun;
        this.#running -= 1;
        // There is no use in recording on for an upload that has failed or was cancelled.
        if (upload === this.#recorded) this.#recorder?.stop();
        announce(`Upload of ${upload.streamId}: ${upload.state}. ${upload.note}`);
        this.onchange();
        this.#next();
    }

    // --- The list

    #list(upload) {
        const name = element('button', { type: 'button', class: 'link', onclick: () => this.onopen(upload.streamId) });
        const state = element('span', { class: 'upload-state' });
        const bar = element('progress', { max: 1, 'aria-label': 'Upload' });
        const cancel = iconButton('cross', 'Cancel the upload', () => upload.cancel());
        const item = element('li', { class: 'upload' }, element('div', { class: 'upload-head' }, name, cancel), bar, state);
        byId('uploads').prepend(item);
        const show = () => {
            item.dataset.state = upload.state;
            setText(name, upload.streamId);
            bar.setAttribute('aria-label', `Upload of ${upload.streamId}`);
            if (upload.state === 'sealed') bar.value = 1;
            else if (upload.size === undefined) bar.removeAttribute('value');
            else bar.value = upload.size === 0 ? 1 : upload.stored / upload.size;
            bar.hidden = upload.state === 'failed' || upload.state === 'cancelled';
            setText(state, describe(upload));
            if (!upload.isOver || cancel.dataset.over !== undefined) return;
            cancel.dataset.over = '';
            const remove = iconButton('cross', 'Remove from this list', () => item.remove());
            cancel.replaceWith(remove);
        };
        upload.onchange = show;
        show();
    }

    // --- The microphone

    async #toggleRecording() {
        if (this.#recorder !== null) {
            this.#recorder.stop();
            return;
        }
        const button = byId('record');
        const source = new RecordingSource();
        button.disabled = true;
        try {
            const recorder = await Recorder.start((blob) => source.push(blob), () => {
                source.finish();
                this.#recorder = null;
                byId('record-wave').hidden = true;
                this.#showRecording('Record the microphone', '');
            });
            this.#recorder = recorder;
            const begun = new Date();
            const stamp = begun.toISOString().slice(0, 19).replace(/[-:]/g, '');
            this.#recorded = new Upload(`recording-${stamp}`, source, {
                contentType: recorder.contentType, metadata: { source: 'microphone' },
            });
            this.#enqueue(this.#recorded);
            byId('record-wave').hidden = false;
            announce('Recording.');
            this.#drawRecording(recorder, begun);
        } catch (error) {
            const isForbidden = error.name === 'NotAllowedError';
            setText(byId('record-state'), isForbidden ? 'The microphone was not allowed.' : `No recording: ${error.message}`);
        } finally {
            button.disabled = false;
        }
    }

    #drawRecording(recorder, begun) {
        if (this.#recorder !== recorder) return;
        this.#showRecording('Stop recording', words.clock((Date.now() - begun) / 1000));
        this.#meter.push(...recorder.level());
        setTimeout(() => this.#drawRecording(recorder, begun), 60);
    }

    #showRecording(name, state) {
        byId('record').dataset.on = String(this.#recorder !== null);
        setText(byId('record-name'), name);
        setText(byId('record-state'), state);
    }
}

function describe(upload) {
    const amount = upload.size === undefined || upload.state === 'sealed'
        ? words.bytes(upload.stored) : `${words.bytes(upload.stored)} of ${words.bytes(upload.size)}`;
    switch (upload.state) {
        case 'waiting': return 'Waits for its turn';
        case 'sending': return upload.rate > 0 ? `${amount} · ${words.bitRate(upload.rate)}` : amount;
        case 'finishing': return `${amount} · finishing`;
        case 'interrupted': return `${amount} stored. ${upload.note}`;
        case 'sealed': return `${amount}. ${upload.note}`;
        case 'cancelled': return `Cancelled. ${upload.note}`;
        default: return `Failed: ${upload.note}`;
    }
}
