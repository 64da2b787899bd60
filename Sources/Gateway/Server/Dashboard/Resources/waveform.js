// A waveform on a canvas: of a whole stream, with the part that was played, or of the last seconds of a live one.

const barWidth = 2;
const barGap = 1;

export class Waveform {
    #canvas;
    #peaks = null;
    #position = 0;
    #live = null;

    constructor(canvas) {
        this.#canvas = canvas;
        new ResizeObserver(() => this.#draw()).observe(canvas);
        matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
    }

    /** Shows `{ low, high }`, or nothing. */
    show(peaks) {
        this.#live = null;
        this.#peaks = peaks;
        this.#position = 0;
        this.#draw();
    }

    /** Where playing is, from 0 to 1. */
    set position(fraction) {
        this.#position = fraction;
        this.#draw();
    }

    /** Shows sound as it comes: each call adds one stretch at the right, from `low` to `high`. */
    push(low, high) {
        this.#live ??= [];
        this.#live.push([low, high]);
        const most = Math.ceil(this.#canvas.clientWidth / (barWidth + barGap));
        this.#live.splice(0, this.#live.length - most);
        this.#draw();
    }

    #draw() {
        const canvas = this.#canvas;
        const scale = devicePixelRatio || 1;
        const width = canvas.clientWidth;
        const height = canvas.clientHeight;
        if (width === 0) return;
        if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
            canvas.width = Math.round(width * scale);
            canvas.height = Math.round(height * scale);
        }
        const style = getComputedStyle(canvas);
        const context = canvas.getContext('2d');
        context.setTransform(scale, 0, 0, scale, 0, 0);
        context.clearRect(0, 0, width, height);
        const bars = Math.floor(width / (barWidth + barGap));
        const middle = height / 2;
        const stretch = this.#live === null ? this.#whole(bars) : this.#last(bars);
        const played = style.getPropertyValue('--wave-played');
        const ahead = style.getPropertyValue(this.#live === null ? '--wave' : '--wave-live');
        for (let i = 0; i < bars; i += 1) {
            const [low, high] = stretch(i) ?? [0, 0];
            const top = middle - Math.min(1, high) * (middle - 2);
            const bottom = middle - Math.max(-1, low) * (middle - 2);
            context.fillStyle = this.#live === null && i / bars < this.#position ? played : ahead;
            context.fillRect(i * (barWidth + barGap), Math.min(top, middle - 0.5), barWidth, Math.max(1, bottom - top));
        }
    }

    #whole(bars) {
        const peaks = this.#peaks;
        if (peaks === null) return () => null;
        const { length } = peaks.low;
        return (i) => {
            const first = Math.floor((i * length) / bars);
            const end = Math.max(first + 1, Math.floor(((i + 1) * length) / bars));
            return [Math.min(...peaks.low.subarray(first, end)), Math.max(...peaks.high.subarray(first, end))];
        };
    }

    #last(bars) {
        const live = this.#live;
        return (i) => live[i - (bars - live.length)];
    }
}
