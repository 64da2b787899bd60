// Playing a stream that is not being written: its bytes are read over the WebSocket and digested on the way, played by
// the browser's own player, and drawn from its samples.

import { RangeReader, readWhole } from './download.js';
import { identify } from './formats.js';
import { waveform } from './peaks.js';
import * as words from './words.js';

/** What is held in the page's memory at most. */
export const mostHeld = 128 << 20;
/** What is read without being asked for. */
export const readAtOnce = 16 << 20;

export class Player {
    /** What the bytes are. */
    format = null;
    /** The digest that was computed here. */
    sha256 = null;
    /** Whether the browser's player takes it. */
    isPlayable = false;
    /** Called when playing begins, stops or moves on. */
    onchange = () => {};

    #audio = new Audio();
    #blob = null;
    #url = null;
    #abort = new AbortController();
    #frame = 0;

    constructor() {
        this.#audio.preload = 'auto';
        for (const event of ['play', 'pause', 'ended', 'seeked', 'durationchange']) {
            this.#audio.addEventListener(event, () => this.#changed());
        }
    }

    /**
     * Reads a stream.
     *
     * @param onprogress called with the bytes that have come
     * @returns what to draw: see {@link waveform}
     */
    async load(stream, onprogress) {
        const { signal } = this.#abort;
        if (stream.size > mostHeld) return await this.#drawOnly(stream, signal);
        const { parts, size, sha256 } = await readWhole(stream.streamId, stream.size, onprogress, signal);
        signal.throwIfAborted();
        this.sha256 = sha256;
        this.format = identify(parts[0] ?? new Uint8Array(0), stream.contentType);
        // Never the declared type: a page of this origin is not to come out of somebody's stream.
        this.#blob = new Blob(parts, { type: this.format.mime });
        if (size === 0) return { reason: 'It has no bytes.' };
        await this.#prepare();
        signal.throwIfAborted();
        const read = async (offset, length) => new Uint8Array(await this.#blob.slice(offset, offset + length).arrayBuffer());
        const picture = await waveform(this.format, size, read, this.duration);
        signal.throwIfAborted();
        return picture;
    }

    get duration() {
        return this.#audio.duration;
    }

    get position() {
        return this.#audio.currentTime;
    }

    set position(seconds) {
        if (!this.isPlayable) return;
        const end = Number.isFinite(this.duration) ? this.duration : seconds;
        this.#audio.currentTime = Math.max(0, Math.min(end, seconds));
    }

    get isPlaying() {
        return !this.#audio.paused && !this.#audio.ended;
    }

    async toggle() {
        if (this.isPlaying) this.#audio.pause();
        else await this.#audio.play();
    }

    /** The bytes, to be saved; null where they are not all here. */
    get blob() {
        return this.#blob;
    }

    close() {
        this.#abort.abort();
        this.#audio.pause();
        this.#audio.removeAttribute('src');
        this.#audio.load();
        cancelAnimationFrame(this.#frame);
        if (this.#url !== null) URL.revokeObjectURL(this.#url);
        this.onchange = () => {};
    }

    /** Finds out whether the browser plays it, and how long it is. */
    async #prepare() {
        if (this.format.kind === 'unknown' || this.format.kind === 'pcm') return;
        this.#url = URL.createObjectURL(this.#blob);
        this.isPlayable = await new Promise((resolve) => {
            this.#audio.addEventListener('loadedmetadata', () => resolve(true), { once: true });
            this.#audio.addEventListener('error', () => resolve(false), { once: true });
            this.#audio.src = this.#url;
        });
        if (!this.isPlayable || Number.isFinite(this.duration)) return;
        // What a browser has recorded does not say how long it is, until it was looked for at the end.
        await new Promise((resolve) => {
            this.#audio.addEventListener('seeked', resolve, { once: true });
            this.#audio.addEventListener('error', resolve, { once: true });
            this.#audio.currentTime = 1e9;
        });
        this.#audio.currentTime = 0;
    }

    async #drawOnly(stream, signal) {
        const reader = await RangeReader.open(stream.streamId);
        try {
            this.format = identify(await reader.read(0, 65536), stream.contentType);
            signal.throwIfAborted();
            if (this.format.pcm || this.format.kind === 'mp3' || this.format.kind === 'ogg') {
                const picture = await waveform(this.format, stream.size, (offset, length) => {
                    signal.throwIfAborted();
                    return reader.read(offset, length);
                }, Infinity);
                return picture;
            }
            return { reason: `A waveform of ${this.format.name} is drawn up to ${words.bytes(mostHeld)}.` };
        } finally {
            reader.close();
        }
    }

    #changed() {
        cancelAnimationFrame(this.#frame);
        this.onchange();
        if (this.isPlaying) this.#frame = requestAnimationFrame(() => this.#changed());
    }
}
