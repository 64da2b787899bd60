// Listening to a stream while it is written: SUBSCRIBE from near its end, and play what comes. How depends on what it
// is: the browser's MediaSource takes MP3 and WebM; PCM is scheduled sample by sample; Ogg is decoded a few pages at a
// time. What can't be followed is said so.

import { Connection, GatewayError } from './connection.js';
import { RangeReader } from './download.js';
import { identify, mp3Start, oggClock, oggHeader, webmCluster } from './formats.js';
import { MediaSourceOutput, OggOutput, PCMOutput } from './tail-outputs.js';

/** How many bytes of a stream are looked at to know what it is. */
const headLength = 64 * 1024;
/** How long it is waited for the first bytes, and for those that a format begins with. */
const patienceMs = 20_000;

/** Why a stream can't be followed here, for people. */
export class CannotFollow extends Error {}

/** What a decoder needs before anything else has not been written to its end. */
class NotYet extends CannotFollow {
    constructor(name) {
        super(`The beginning of a stream in ${name} is not whole yet. Try again when more was written.`);
    }
}

export class Follower {
    /** What is heard, for whoever wants to draw it. */
    analyser;
    /** Called with a sentence about what is going on. */
    onstate = () => {};
    /** Called when it is over: with the END message, or with an error. */
    onend = () => {};

    #context = new AudioContext();
    #connection = null;
    #output = null;
    #isOver = false;

    constructor() {
        this.analyser = new AnalyserNode(this.#context, { fftSize: 2048 });
        this.analyser.connect(this.#context.destination);
    }

    /** Begins; resolves once subscribed, and throws {@link CannotFollow}, GatewayError or ConnectionLost. */
    async start(streamId, declaredType) {
        this.onstate('Waiting for the first bytes…');
        const { format, size } = await this.#look(streamId, declaredType);
        await this.#output.open?.();
        await this.#context.resume();
        const connection = await Connection.open();
        if (this.#isOver) {
            connection.close();
            this.#output.stop();
            return format;
        }
        this.#connection = connection;
        connection.onbytes = (bytes) => this.#output.take(bytes).catch((error) => this.#end(error));
        connection.onmessage = (message) => {
            if (message.type === 'END') this.#output.finish().then(() => this.#end(message), (error) => this.#end(error));
            if (message.type === 'ERROR') this.#end(new GatewayError(message));
        };
        connection.onclose = () => this.#end(new Error('The connection to the gateway was lost.'));
        const offset = this.#output.start(size);
        await connection.request({ type: 'SUBSCRIBE', streamId, offset });
        this.onstate(`Listening live to ${format.name}`);
        return format;
    }

    /** Seconds of sound that have come and were not heard yet. */
    get ahead() {
        return this.#output?.ahead ?? 0;
    }

    stop() {
        this.#end(null);
    }

    /** Finds out what it is and how to play it; waits for the bytes that tell. */
    async #look(streamId, declaredType) {
        const deadline = performance.now() + patienceMs;
        const reader = await RangeReader.open(streamId);
        try {
            const first = await reader.read(0, 1, patienceMs);
            if (first.length === 0) throw new CannotFollow('Nothing was written to it yet. Try again when there is.');
            for (;;) {
                const head = await reader.read(0, headLength);
                const format = identify(head, declaredType);
                try {
                    this.#output = this.#outputFor(format, head);
                    return { format, size: (await reader.info()).size };
                } catch (error) {
                    if (!(error instanceof NotYet) || this.#isOver || performance.now() > deadline) throw error;
                    await reader.read(head.length, 1, 1000);
                }
            }
        } finally {
            reader.close();
        }
    }

    #outputFor(format, head) {
        if (format.pcm) return new PCMOutput(this.#context, this.analyser, format.pcm);
        const canStream = MediaSourceOutput.takes(format.mime);
        if (canStream && format.kind === 'mp3') {
            return new MediaSourceOutput(this.#context, this.analyser, format, new Uint8Array(0), mp3Start);
        }
        if (canStream && format.kind === 'webm') {
            const first = webmCluster(head);
            if (first < 0) throw new NotYet(format.name);
            return new MediaSourceOutput(this.#context, this.analyser, format, head.subarray(0, first), webmCluster);
        }
        if (format.kind === 'ogg') {
            const header = oggHeader(head);
            const rate = oggClock(head);
            if (header === null) throw new NotYet(format.name);
            if (rate === null) throw new CannotFollow(`${format.name} of this kind can’t be followed in a browser.`);
            return new OggOutput(this.#context, this.analyser, header, rate);
        }
        if (format.kind === 'wav' && head.length < 200) throw new NotYet(format.name);
        if (format.kind === 'wav') throw new CannotFollow('This WAV file has samples that are not followed here.');
        if (format.kind === 'unknown' && head.length < 64) throw new NotYet('a known format');
        if (format.kind === 'unknown') {
            throw new CannotFollow(
                'It is no audio format that is known here. '
                + 'Raw PCM needs a content type such as audio/L16; rate=16000; channels=1.',
            );
        }
        throw new CannotFollow(`${format.name} can’t be followed in a browser. It can be played once it is sealed.`);
    }

    #end(reason) {
        if (this.#isOver) return;
        this.#isOver = true;
        if (this.#connection !== null) {
            this.#connection.onclose = () => {};
            this.#connection.close();
        }
        this.#output?.stop();
        this.#context.close().catch(() => {});
        this.onend(reason);
    }
}
