// Peaks of the real samples, for drawing: how far down and up the sound goes in each of a number of equal stretches.

import { joined, mp3Start, oggHeader, oggPages, samples } from './formats.js';

/** How many stretches a waveform has. */
export const resolution = 600;
/** What is decoded at once: 15 minutes of stereo are 350 MB of samples. */
const longestDecoded = 15 * 60;
/** How many stretches are looked into where the whole is too long, and how many bytes of each. */
const looks = 120;
const lookLength = 24 * 1024;

/**
 * Draws samples together: `{ low, high }` of `count` stretches each, over all channels.
 *
 * @param channels one Float32Array a channel
 */
export function peaksOf(channels, count = resolution) {
    const low = new Float32Array(count);
    const high = new Float32Array(count);
    const length = channels[0]?.length ?? 0;
    for (const channel of channels) {
        for (let i = 0; i < count; i += 1) {
            const end = Math.max(Math.floor(((i + 1) * length) / count), Math.floor((i * length) / count) + 1);
            for (let k = Math.floor((i * length) / count); k < end && k < length; k += 1) {
                const value = channel[k];
                if (value < low[i]) low[i] = value;
                if (value > high[i]) high[i] = value;
            }
        }
    }
    return { low, high };
}

/** Decodes bytes to one Float32Array a channel, and their rate; throws where the browser can't. */
export async function decode(bytes, rate = 48000) {
    const context = new OfflineAudioContext(1, 1, rate);
    // A copy, since the decoder takes the buffer away.
    const audio = await context.decodeAudioData(bytes.slice().buffer);
    const channels = Array.from({ length: audio.numberOfChannels }, (_, index) => audio.getChannelData(index));
    return { channels, rate: audio.sampleRate, duration: audio.duration };
}

/**
 * The waveform of a stream.
 *
 * @param format what {@link identify} says
 * @param size the stream's size
 * @param read `(offset, length) => Promise<Uint8Array>`
 * @param duration in seconds, or NaN where it is not known
 * @returns `{ low, high, detail }`, or `{ reason }` where there is nothing to draw; `detail` says how it was found where
 * that was not from every sample
 */
export async function waveform(format, size, read, duration) {
    try {
        if (format.pcm) return await pcmWaveform(format.pcm, size, read);
        if (format.kind === 'unknown') {
            return { reason: 'This is no audio format that is known here, so there is no waveform to draw.' };
        }
        if (duration <= longestDecoded) {
            const { channels } = await decode(await read(0, size));
            return peaksOf(channels);
        }
        if (format.kind === 'mp3' || format.kind === 'ogg') return await sampledWaveform(format, size, read);
        return { reason: `A waveform of ${format.name} is drawn up to ${longestDecoded / 60} minutes.` };
    } catch (error) {
        if (error instanceof DOMException && error.name === 'EncodingError') {
            return { reason: `This browser can’t decode it (${format.name}).` };
        }
        throw error;
    }
}

async function pcmWaveform(pcm, size, read) {
    const length = Math.min(pcm.length ?? Infinity, size - pcm.start);
    const frames = Math.floor(length / pcm.block);
    if (frames < 1) return { reason: 'There are no samples in it.' };
    if (length <= 32 << 20) {
        const bytes = await read(pcm.start, frames * pcm.block);
        return peaksOf(samples(bytes, pcm));
    }
    const piece = Math.ceil(4096 / pcm.block) * pcm.block;
    return gathered(async (index) => {
        const first = Math.floor((index * frames) / resolution);
        return peaksOf(samples(await read(pcm.start + first * pcm.block, piece), pcm), 1);
    }, resolution);
}

async function sampledWaveform(format, size, read) {
    const header = format.kind === 'ogg' ? oggHeader(await read(0, 65536)) : null;
    if (format.kind === 'ogg' && header === null) return { reason: 'Its Ogg headers are not whole.' };
    return gathered(async (index) => {
        // An Ogg page has up to 65,307 bytes, so that some must be read to have one.
        const bytes = await read(Math.floor((index * size) / looks), format.kind === 'ogg' ? 2 * 65536 : lookLength);
        let slice;
        if (header === null) {
            const start = mp3Start(bytes);
            slice = start < 0 ? null : bytes.subarray(start);
        } else {
            const { pages } = oggPages(bytes);
            slice = pages.length === 0 ? null : joined([header, ...pages.slice(0, 8).map((page) => page.bytes)]);
        }
        if (slice === null) return { low: [0], high: [0] };
        const { channels } = await decode(slice);
        return peaksOf(channels, 1);
    }, looks);
}

async function gathered(look, count) {
    const low = new Float32Array(count);
    const high = new Float32Array(count);
    for (let index = 0; index < count; index += 1) {
        const peaks = await look(index);
        low[index] = peaks.low[0];
        high[index] = peaks.high[0];
    }
    return { low, high, detail: `Drawn from ${count} places in the stream.` };
}
