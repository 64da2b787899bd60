// Reads streams over the WebSocket: whole, with a digest, or in pieces here and there.

import { Connection, GatewayError } from './connection.js';
import { SHA256 } from './sha256.js';

/** How much one GET asks for, and how many are sent ahead of the answers. */
const rangeLength = 256 * 1024;
const ahead = 6;

/**
 * Reads everything that a stream has.
 *
 * @param onprogress called with the bytes that have come
 * @param signal an AbortSignal
 * @returns `{ parts, size, sha256 }`
 */
export async function readWhole(streamId, size, onprogress, signal) {
    const connection = await Connection.open();
    try {
        const digest = new SHA256();
        const parts = [];
        const answers = [];
        let asked = 0;
        while (digest.length < size) {
            while (answers.length < ahead && asked < size) {
                const length = Math.min(rangeLength, size - asked);
                const answer = connection.read(streamId, asked, length);
                // Where an earlier one fails, the later ones are not waited for.
                answer.catch(() => {});
                answers.push(answer);
                asked += length;
            }
            const bytes = await answers.shift();
            signal.throwIfAborted();
            digest.update(bytes);
            parts.push(bytes);
            onprogress(digest.length);
        }
        return { parts, size: digest.length, sha256: digest.hex() };
    } finally {
        connection.close();
    }
}

/** Reads from one connection, here and there: for headers, and for waveforms of what is too long to be read whole. */
export class RangeReader {
    #connection;
    #streamId;

    static async open(streamId) {
        const reader = new RangeReader();
        reader.#streamId = streamId;
        reader.#connection = await Connection.open();
        return reader;
    }

    /** The stream's description. */
    info() {
        return this.#connection.request({ type: 'INFO', streamId: this.#streamId });
    }

    /**
     * Reads exactly `length` bytes, or up to the end; none at the end. With `waitMs` it waits so long for the first.
     */
    async read(offset, length, waitMs) {
        const parts = [];
        let at = offset;
        while (at < offset + length) {
            try {
                const wanted = Math.min(rangeLength, offset + length - at);
                const bytes = await this.#connection.read(this.#streamId, at, wanted, waitMs);
                parts.push(bytes);
                at += bytes.length;
            } catch (error) {
                if (error instanceof GatewayError && (error.code === 'end' || error.code === 'not_yet')) break;
                throw error;
            }
        }
        const whole = new Uint8Array(at - offset);
        let filled = 0;
        for (const part of parts) {
            whole.set(part, filled);
            filled += part.length;
        }
        return whole;
    }

    close() {
        this.#connection.close();
    }
}
