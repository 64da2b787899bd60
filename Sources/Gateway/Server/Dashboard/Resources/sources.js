// Where the bytes of an upload come from: a file, or a recording that is still being made.

/** A file: all of it is there, and any part can be read again. */
export class FileSource {
    #file;

    constructor(file) {
        this.#file = file;
    }

    get size() {
        return this.#file.size;
    }

    /** Bytes from an offset on, at most `length`; null at the end. */
    async read(offset, length) {
        if (offset >= this.#file.size) return null;
        return new Uint8Array(await this.#file.slice(offset, offset + length).arrayBuffer());
    }

    /** A file is not forgotten piece by piece. */
    forget() {}
}

/** A recording: bytes come until it is finished, and those that are safe are forgotten. */
export class RecordingSource {
    #blobs = [];
    /** The offset of the first byte that is still here. */
    #start = 0;
    #end = 0;
    #isFinished = false;
    #wake = () => {};

    /** Not known before the end. */
    size = undefined;

    push(blob) {
        if (blob.size === 0) return;
        this.#blobs.push(blob);
        this.#end += blob.size;
        this.#wake();
    }

    finish() {
        this.#isFinished = true;
        this.#wake();
    }

    /** Waits for bytes from an offset on, at most `length`; null at the end. */
    async read(offset, length) {
        if (offset < this.#start) throw new Error('The gateway has less of this recording than it said before.');
        while (offset >= this.#end) {
            if (this.#isFinished) return null;
            await new Promise((resolve) => { this.#wake = resolve; });
        }
        const whole = new Blob(this.#blobs);
        const from = offset - this.#start;
        return new Uint8Array(await whole.slice(from, from + length).arrayBuffer());
    }

    /** What comes before an offset is stored, and need not be kept here. */
    forget(offset) {
        while (this.#blobs.length > 0 && this.#start + this.#blobs[0].size <= offset) {
            this.#start += this.#blobs.shift().size;
        }
    }
}
