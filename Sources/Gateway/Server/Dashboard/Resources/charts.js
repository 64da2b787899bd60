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
            .map((value, index) => [(first + index) * step, value])
            .filter(([, value]) => value !== null)
            .map(([x, value]) => [x.toFixed(1), (height - 1.5 - (value / top) * (height - 4)).toFixed(1)]);
        const text = points.map((point) => point.join(',')).join(' ');
        this.#line.setAttribute('points', text);
        const foot = (point) => `${point[0]},${height}`;
        this.#area.setAttribute('points', points.length < 2 ? '' : `${foot(points[0])} ${text} ${foot(points.at(-1))}`);
    }
}
