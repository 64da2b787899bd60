// The table of streams. Rows stay the same elements while their streams do, so that focus and selection survive a
// refresh.

import { Sparkline } from './charts.js';
import { byId, element, iconButton, setText } from './dom.js';
import * as words from './words.js';

export class ListView {
    /** Called with a stream and the button that was pressed. */
    onopen = () => {};
    ondelete = () => {};

    #rows = new Map();
    #body = byId('rows');

    constructor() {
        this.#body.addEventListener('keydown', (event) => this.#moveByKey(event));
    }

    /**
     * @param page what {@link Catalogue.read} says
     * @param growth how a stream grows, by its id
     * @param selected the id of the stream that is looked at, or null
     */
    show(page, growth, selected) {
        const rows = new Map();
        for (const stream of page.streams) {
            const row = this.#rows.get(stream.streamId) ?? new Row(stream.streamId, this);
            row.show(stream, growth(stream.streamId), stream.streamId === selected);
            rows.set(stream.streamId, row);
        }
        const nodes = [...rows.values()].map((row) => row.node);
        const shown = this.#body.children;
        const isSame = nodes.length === shown.length && nodes.every((node, index) => node === shown[index]);
        if (!isSame) {
            const focused = document.activeElement;
            this.#body.replaceChildren(...nodes);
            // Moving an element takes its focus away.
            if (this.#body.contains(focused)) focused.focus();
        }
        this.#rows = rows;
    }

    select(streamId) {
        for (const [id, row] of this.#rows) row.isSelected = id === streamId;
    }

    /** The button that opens a stream, or null. */
    button(streamId) {
        return this.#rows.get(streamId)?.button ?? null;
    }

    /** Bytes a second of all the streams shown. */
    get rate() {
        return [...this.#rows.values()].reduce((sum, row) => sum + row.rate, 0);
    }

    #moveByKey(event) {
        const row = event.target.closest('tr');
        if (event.key === 'Delete') {
            const stream = this.#rows.get(row.dataset.id)?.stream;
            if (stream !== undefined) this.ondelete(stream);
            return;
        }
        const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
        if (!next) return;
        event.preventDefault();
        next.querySelector('button').focus();
    }
}

class Row {
    stream;
    rate = 0;
    #id;
    #detail = element('span', { class: 'row-detail' });
    #state = element('span', { class: 'state' });
    #size = element('td', { role: 'cell', class: 'size' });
    #rateText = element('span', {});
    #line = new Sparkline(30);
    #readers = element('td', { role: 'cell', class: 'readers' });
    #digest = element('code', {});
    #time = element('time', {});

    constructor(id, view) {
        this.#id = id;
        const open = () => view.onopen(this.stream, this.button);
        const remove = iconButton('trash', `Delete ${id}`, () => view.ondelete(this.stream));
        this.button = element('button', { type: 'button', class: 'row-name', onclick: open }, id);
        this.node = element(
            // The roles are those of the elements, said again: on a phone the style sheet makes cards of the rows.
            'tr', { role: 'row', 'data-id': id },
            element('th', { role: 'rowheader', scope: 'row' }, this.button, this.#detail),
            element('td', { role: 'cell', class: 'state-cell' }, this.#state),
            this.#size,
            element('td', { role: 'cell', class: 'rate' }, element('div', {}, this.#line.node, this.#rateText)),
            this.#readers,
            element('td', { role: 'cell', class: 'digest-cell' }, this.#digest),
            element('td', { role: 'cell', class: 'age' }, this.#time),
            element('td', { role: 'cell', class: 'actions' }, remove),
        );
    }

    set isSelected(isSelected) {
        if (isSelected) this.button.setAttribute('aria-current', 'true');
        else this.button.removeAttribute('aria-current');
    }

    show(stream, growth, isSelected) {
        this.stream = stream;
        this.isSelected = isSelected;
        // A file's name is most often the stream's.
        const labels = Object.values(stream.metadata ?? {}).filter((label) => label !== stream.streamId);
        setText(this.#detail, [stream.contentType, ...labels].filter(Boolean).join(' · '));
        this.#state.dataset.state = stream.state;
        setText(this.#state, stream.state);
        setText(this.#size, words.bytes(stream.size));
        this.#size.title = `${words.count(stream.size)} bytes`;
        this.rate = growth?.rate ?? 0;
        setText(this.#rateText, growth === null ? '' : words.bitRate(growth.rate));
        this.#line.node.classList.toggle('is-hidden', growth === null);
        if (growth !== null) this.#line.draw(growth.history);
        setText(this.#readers, stream.readers === undefined ? '' : words.count(stream.readers));
        this.#readers.dataset.count = stream.readers ?? 0;
        setText(this.#digest, stream.sha256 === undefined ? '' : stream.sha256.slice(0, 12));
        this.#digest.title = stream.sha256 ?? '';
        const at = stream.sealedAt ?? stream.createdAt;
        if (at === undefined) return;
        this.#time.dateTime = new Date(at).toISOString();
        this.#time.title = words.absolute(at);
        setText(this.#time, words.relative(at));
    }
}
