// Numbers and times, as people read them. Decimal units throughout: 1 kB is 1000 bytes.

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** `92.1 kB`; under a kilobyte, `17 bytes`. */
export function bytes(count) {
    return count < 1000 ? `${number.format(count)} ${count === 1 ? 'byte' : 'bytes'}` : scaled(count, 'B');
}

/** Bytes a second as `256 kbit/s`, which is how audio is measured. */
export function bitRate(bytesPerSecond) {
    const bits = bytesPerSecond * 8;
    return bits < 1000 ? `${number.format(bits)} bit/s` : scaled(bits, 'bit/s');
}

/** `1,234,567` */
export function count(value) {
    return number.format(value);
}

/** `1:05`, or `1:02:03`. */
export function clock(seconds) {
    if (!Number.isFinite(seconds) || seconds < 0) return '–:––';
    const whole = Math.floor(seconds);
    const parts = [Math.floor(whole / 60) % 60, whole % 60];
    if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
    return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** `1 minute 5 seconds`, to be listened to. */
export function spokenClock(seconds) {
    if (!Number.isFinite(seconds)) return 'unknown';
    const whole = Math.floor(seconds);
    const minutes = Math.floor(whole / 60);
    const words = [];
    if (minutes > 0) words.push(`${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`);
    words.push(`${whole % 60} ${whole % 60 === 1 ? 'second' : 'seconds'}`);
    return words.join(' ');
}

/** `3 min ago`, or `in 2 h`. */
export function relative(milliseconds, now = Date.now()) {
    const seconds = Math.round((now - milliseconds) / 1000);
    if (Math.abs(seconds) < 5) return 'now';
    const size = Math.abs(seconds);
    const [amount, unit] = size < 60 ? [size, 's']
        : size < 3600 ? [Math.floor(size / 60), 'min']
            : size < 86400 ? [Math.floor(size / 3600), 'h'] : [Math.floor(size / 86400), 'd'];
    // A number is not to be parted from its unit.
    return seconds > 0 ? `${amount}\u00a0${unit}\u00a0ago` : `in\u00a0${amount}\u00a0${unit}`;
}

/** Date and time, as this reader's system writes them. */
export function absolute(milliseconds) {
    return moment.format(milliseconds);
}

function scaled(value, unit) {
    const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];
    let exponent = 0;
    // 999.5 would be written as 1000.
    while (value >= 999.5 && exponent < prefixes.length - 1) {
        value /= 1000;
        exponent += 1;
    }
    return `${three.format(value)} ${prefixes[exponent]}${unit}`;
}
