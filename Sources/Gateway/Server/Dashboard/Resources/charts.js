// Small line charts in SVG. They are pictures of numbers that stand beside them as text, so nothing of them is said.

import { graphic } from './dom.js';

const width = 120;
const height = 32;

/** A line of the last values, the newest at the right; it is drawn anew by `draw`. */
export class Sparkline {
    #line = graphic('polyline', { class: 'spark-line' });
    #area = graphic('polygon', { class: 'spark-area' });

    /** @param capacity how many values fill the width */
    constructor(capacity) {
        this.capacity = capacity;
        this.node = graphic('svg', {
            class: 'spark', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true',
        }, this.#area, this.#line);
    }

    /**
     * @param values from old to new; null where nothing was known
     * @param ceiling the value at the top; the largest one unless given
     */
    draw(values, ceiling) {
        const shown = values.slice(-this.capacity);
        const top = Math.max(ceiling ?? 0, ...shown.map((value) => value ?? 0)) || 1;
        const step = width / (this.capacity - 1);
        const first = this.capacity - shown.length;
        const points = shown
            .map((value, index) => (value === null ? null : [(first + index) * step, height - 1.5 - (value / top) * (height - 4)]))
            .filter((point) => point !== null)
            .map(([x, y]) => [x.toFixed(1), y.toFixed(1)]);
        const text = points.map((point) => point.join(',')).join(' ');
        this.#line.setAttribute('points', text);
        this.#area.setAttribute('points', points.length < 2 ? '' : `${points[0][0]},${height} ${text} ${points.at(-1)[0]},${height}`);
    }
}
