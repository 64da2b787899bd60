// What audio bytes are, as values: kinds by their first bytes, samples of PCM, pages of Ogg, frames of MP3, clusters of
// WebM. Every function takes foreign bytes and answers null where they are not what it looks for.

/** Whether bytes at an offset are these ASCII characters. */
function has(bytes, text, offset = 0) {
    if (offset < 0 || offset + text.length > bytes.length) return false;
    for (let i = 0; i < text.length; i += 1) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
    return true;
}

/** The offset of a sequence at or after `from`, or -1. */
function indexOf(bytes, sequence, from = 0) {
    for (let i = from; i + sequence.length <= bytes.length; i += 1) {
        if (sequence.every((byte, k) => bytes[i + k] === byte)) return i;
    }
    return -1;
}

/** Puts arrays of bytes one after the other. */
export function joined(parts) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

/**
 * What a stream is.
 *
 * @param head its first bytes
 * @param declared the content type that its writer declared, if any
 * @returns `{ kind, name, mime }`: `kind` is mp3, ogg, wav, pcm, webm, mp4, flac, aac or unknown; `name` is for people;
 * `mime` is safe to give to a player, never a type that a browser would take for a page. For wav and pcm also `pcm`.
 */
export function identify(head, declared) {
    if (has(head, 'RIFF') && has(head, 'WAVE', 8)) {
        const pcm = wavFormat(head);
        return { kind: 'wav', name: pcm === null ? 'WAV' : `WAV, ${describePCM(pcm)}`, mime: 'audio/wav', pcm };
    }
    if (has(head, 'OggS')) {
        const codec = has(head, 'OpusHead', 28) ? 'opus' : has(head, '\x01vorbis', 28) ? 'vorbis' : null;
        const name = codec === 'opus' ? 'Ogg Opus' : codec === 'vorbis' ? 'Ogg Vorbis' : 'Ogg';
        return { kind: 'ogg', name, mime: codec === null ? 'audio/ogg' : `audio/ogg; codecs=${codec}` };
    }
    if (has(head, 'fLaC')) return { kind: 'flac', name: 'FLAC', mime: 'audio/flac' };
    if (has(head, '\x1aE\xdf\xa3')) {
        const codec = /codecs="?(opus|vorbis)/.exec(declared ?? '')?.[1] ?? 'opus';
        return { kind: 'webm', name: `WebM, ${codec === 'opus' ? 'Opus' : 'Vorbis'}`, mime: `audio/webm; codecs=${codec}` };
    }
    if (has(head, 'ftyp', 4)) {
        const codec = /codecs="?([A-Za-z0-9.]+)/.exec(declared ?? '')?.[1] ?? 'mp4a.40.2';
        return { kind: 'mp4', name: 'MP4', mime: `audio/mp4; codecs=${codec}` };
    }
    if (has(head, 'ID3') || mp3FrameLength(head, 0) !== null) return { kind: 'mp3', name: 'MP3', mime: 'audio/mpeg' };
    if (head.length > 1 && head[0] === 0xff && (head[1] & 0xf6) === 0xf0) {
        return { kind: 'aac', name: 'AAC', mime: 'audio/aac' };
    }
    const pcm = declaredPCM(declared);
    if (pcm !== null) return { kind: 'pcm', name: `PCM, ${describePCM(pcm)}`, mime: 'application/octet-stream', pcm };
    return { kind: 'unknown', name: 'no known audio format', mime: 'application/octet-stream' };
}

// --- PCM

/** The most channels that WebAudio has to have, and sample rates that it has to take. */
const mostChannels = 32;
const rates = [3000, 384000];
/** Samples by the format tag and the bits of a WAV file. */
const wavSamples = {
    '1/8': 'u8', '1/16': 's16', '1/24': 's24', '1/32': 's32', '3/32': 'f32', '6/8': 'alaw', '7/8': 'ulaw',
};
/** Samples by media type. */
const declaredSamples = {
    'audio/l8': 'u8', 'audio/l16': 's16', 'audio/l24': 's24', 'audio/pcm': 's16', 'audio/pcmu': 'ulaw', 'audio/pcma': 'alaw',
};
/** Samples in words. */
const sampleNames = {
    u8: '8 bit', s16: '16 bit', s24: '24 bit', s32: '32 bit', f32: '32 bit float', ulaw: 'µ-law', alaw: 'A-law',
};

/**
 * How the samples of a WAV file lie, from its first bytes: `{ rate, channels, sample, bytes, start, length }`. `sample`
 * is u8, s16, s24, s32, f32, ulaw or alaw; `length` is null where the header was written before the length was known.
 */
export function wavFormat(head) {
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    let at = 12;
    let format = null;
    while (at + 8 <= head.length) {
        const size = view.getUint32(at + 4, true);
        if (has(head, 'fmt ', at) && size >= 16 && at + 24 <= head.length) {
            let tag = view.getUint16(at + 8, true);
            // WAVE_FORMAT_EXTENSIBLE: the tag is the beginning of the sub-format.
            if (tag === 0xfffe && size >= 40 && at + 34 <= head.length) tag = view.getUint16(at + 32, true);
            const bits = view.getUint16(at + 22, true);
            const sample = wavSamples[`${tag}/${bits}`];
            format = plausible({
                rate: view.getUint32(at + 12, true), channels: view.getUint16(at + 10, true), sample, bytes: bits / 8,
                isBigEndian: false,
            });
        }
        if (has(head, 'data', at)) {
            if (format === null) return null;
            return { ...format, start: at + 8, length: size === 0 || size >= 0xffffff00 ? null : size };
        }
        at += 8 + size + (size & 1);
    }
    return null;
}

/** `audio/L16` (RFC 2586, RFC 3551: big-endian), and `audio/pcm` with the same parameters, little-endian. */
function declaredPCM(declared) {
    const [type, ...parameters] = (declared ?? '').toLowerCase().split(';').map((part) => part.trim());
    const sample = declaredSamples[type];
    if (sample === undefined) return null;
    const values = Object.fromEntries(parameters.map((parameter) => parameter.split('=').map((part) => part.trim())));
    const isTelephone = sample === 'ulaw' || sample === 'alaw';
    const format = plausible({
        rate: Number(values.rate ?? (isTelephone ? 8000 : NaN)),
        channels: Number(values.channels ?? 1),
        sample,
        bytes: { u8: 1, s16: 2, s24: 3, ulaw: 1, alaw: 1 }[sample],
        isBigEndian: type !== 'audio/pcm',
    });
    return format === null ? null : { ...format, start: 0, length: null };
}

function plausible(format) {
    const { rate, channels, sample } = format;
    if (sample === undefined || !(rate >= rates[0] && rate <= rates[1])) return null;
    if (!Number.isInteger(channels) || channels < 1 || channels > mostChannels) return null;
    return { ...format, block: format.bytes * channels };
}

function describePCM({ rate, channels, sample }) {
    const voices = channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`;
    return `${sampleNames[sample]}, ${rate / 1000} kHz, ${voices}`;
}

/** The samples of whole blocks, one Float32Array of -1 to 1 a channel. */
export function samples(bytes, { sample, bytes: width, channels, block, isBigEndian }) {
    const frames = Math.floor(bytes.length / block);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = !isBigEndian;
    const read = {
        u8: (at) => (bytes[at] - 128) / 128,
        s16: (at) => view.getInt16(at, little) / 0x8000,
        s24: (at) => (little
            ? (bytes[at] | (bytes[at + 1] << 8) | (view.getInt8(at + 2) << 16))
            : ((view.getInt8(at) << 16) | (bytes[at + 1] << 8) | bytes[at + 2])) / 0x800000,
        s32: (at) => view.getInt32(at, little) / 0x80000000,
        f32: (at) => view.getFloat32(at, little),
        ulaw: (at) => muLaw(bytes[at]),
        alaw: (at) => aLaw(bytes[at]),
    }[sample];
    return Array.from({ length: channels }, (_, channel) => {
        const out = new Float32Array(frames);
        for (let i = 0, at = channel * width; i < frames; i += 1, at += block) out[i] = read(at);
        return out;
    });
}

/** G.711 µ-law. */
function muLaw(code) {
    const value = ~code & 0xff;
    const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value & 0x70) >> 4)) - 0x84;
    return (value & 0x80 ? -magnitude : magnitude) / 0x8000;
}

/** G.711 A-law. */
function aLaw(code) {
    const value = code ^ 0x55;
    const exponent = (value & 0x70) >> 4;
    const mantissa = (value & 0x0f) << 4;
    const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
    return (value & 0x80 ? magnitude : -magnitude) / 0x8000;
}

// --- MP3 (ISO/IEC 11172-3, 2.4.1.3 and 13818-3)

const kilobits = {
    1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** The length in bytes of the layer III frame that begins at an offset, or null. */
export function mp3FrameLength(bytes, at) {
    if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xe6) !== 0xe2) return null;
    const version = (bytes[at + 1] >> 3) & 3;
    const bitrate = bytes[at + 2] >> 4;
    const rate = (bytes[at + 2] >> 2) & 3;
    if (version === 1 || bitrate === 0 || bitrate === 15 || rate === 3) return null;
    const isOne = version === 3;
    const hertz = [44100, 48000, 32000][rate] / { 3: 1, 2: 2, 0: 4 }[version];
    const padding = (bytes[at + 2] >> 1) & 1;
    return Math.floor(((isOne ? 144000 : 72000) * kilobits[isOne ? 1 : 2][bitrate]) / hertz) + padding;
}

/** The first offset where a frame begins and another follows it, or -1. */
export function mp3Start(bytes) {
    for (let at = 0; at + 4 <= bytes.length; at += 1) {
        const length = mp3FrameLength(bytes, at);
        if (length !== null && mp3FrameLength(bytes, at + length) !== null) return at;
    }
    return -1;
}

// --- Ogg (RFC 3533)

/** The whole pages at the beginning of bytes, and what is left: `{ pages: [{ bytes, granule }], rest }`. */
export function oggPages(bytes) {
    const pages = [];
    let at = indexOf(bytes, [0x4f, 0x67, 0x67, 0x53]);
    if (at < 0) return { pages, rest: bytes.subarray(Math.max(0, bytes.length - 3)) };
    while (has(bytes, 'OggS', at) && at + 27 <= bytes.length) {
        const segments = bytes[at + 26];
        if (at + 27 + segments > bytes.length) break;
        let length = 27 + segments;
        for (let i = 0; i < segments; i += 1) length += bytes[at + 27 + i];
        if (at + length > bytes.length) break;
        const view = new DataView(bytes.buffer, bytes.byteOffset + at, 14);
        // -1 where no packet ends on the page.
        const granule = Number(view.getBigInt64(6, true));
        pages.push({ bytes: bytes.subarray(at, at + length), granule });
        at += length;
    }
    return { pages, rest: bytes.subarray(at) };
}

/**
 * The pages that a decoder needs before any other, from the first bytes of a stream: those with granule position 0.
 * Null where they are not all there.
 */
export function oggHeader(head) {
    const { pages } = oggPages(head);
    const first = pages.findIndex((page) => page.granule !== 0);
    if (first < 1) return null;
    return joined(pages.slice(0, first).map((page) => page.bytes));
}

/** Samples a second of an Ogg stream's granule positions: 48 kHz for Opus whatever was recorded (RFC 7845, 4). */
export function oggClock(head) {
    if (has(head, 'OpusHead', 28)) return 48000;
    if (has(head, '\x01vorbis', 28) && head.length >= 44) {
        const rate = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(40, true);
        return rate > 0 ? rate : null;
    }
    return null;
}

// --- WebM (Matroska): live WebM is a header, and then clusters without end

const cluster = [0x1f, 0x43, 0xb6, 0x75];

/** Where the first cluster at or after an offset begins, or -1. */
export function webmCluster(bytes, from = 0) {
    return indexOf(bytes, cluster, from);
}
