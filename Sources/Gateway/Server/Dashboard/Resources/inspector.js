// What is known about one stream, and its sound: played where it is complete, followed where it is being written.

import { address, token } from './access.js';
import { announce, byId, copyButton, element, icon, iconButton, setText } from './dom.js';
import { CannotFollow, Follower } from './tail.js';
import { mostHeld, Player, readAtOnce } from './player.js';
import { Waveform } from './waveform.js';
import * as words from './words.js';

/** How far keys move the position, in seconds. */
const steps = {
    ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30, Home: -Infinity, End: Infinity,
};
/** Against what a stream is safe, in words. */
const safeties = {
    memory: 'nothing: it is in memory', process: 'the end of the process', power: 'a power cut',
    tier: 'the loss of this machine',
};

export class Inspector {
    /** Called with the stream that is to be removed. */
    ondelete = () => {};
    /** Called with the suspended stream that is to be gone on with. */
    onresume = () => {};
    /** Called when no stream is shown any more. */
    onclose = () => {};

    #stream = null;
    #player = null;
    #follower = null;
    #wave = new Waveform(byId('wave'));
    #sheet = byId('sheet');
    #node = byId('inspector');
    #isNarrow = matchMedia('(max-width: 1023px)');
    #opener = null;
    #drawing = 0;
    #shown = '';

    constructor() {
        byId('play').addEventListener('click', () => this.#press());
        byId('inspector-close').addEventListener('click', () => this.close());
        this.#sheet.addEventListener('close', () => this.#closed());
        this.#isNarrow.addEventListener('change', () => this.#place());
        const seek = byId('seek');
        seek.addEventListener('keydown', (event) => this.#seekByKey(event));
        seek.addEventListener('pointerdown', (event) => {
            const box = seek.getBoundingClientRect();
            this.#seekTo(((event.clientX - box.left) / box.width) * this.#length);
        });
    }

    /** The id of the stream that is shown, or null. */
    get streamId() {
        return this.#stream?.streamId ?? null;
    }

    /** Shows a stream; `opener` is what gets the focus back. */
    open(stream, opener) {
        this.#opener = opener;
        if (this.streamId !== stream.streamId) {
            this.#silence();
            this.#stream = stream;
            this.#show();
            this.#begin();
        }
        this.#place();
    }

    /** Takes newer facts about the stream that is shown. */
    update(stream) {
        const before = this.#stream;
        this.#stream = stream;
        this.#facts();
        const hasEnded = before.state === 'live' && stream.state !== 'live';
        const isAnother = before.createdAt !== stream.createdAt;
        const hasResumed = before.state !== 'live' && stream.state === 'live';
        if (isAnother || hasResumed || (hasEnded && this.#follower === null)) {
            this.#silence();
            this.#begin();
        }
    }

    /** Shows nothing: the stream is gone, or the reader has seen enough. */
    close() {
        this.#silence();
        this.#stream = null;
        if (this.#sheet.open) this.#sheet.close();
        this.#node.dataset.empty = '';
        this.#opener?.focus();
        this.#opener = null;
        this.onclose();
    }

    #closed() {
        if (this.#stream !== null && this.#isNarrow.matches) this.close();
    }

    /** Beside the list where there is room, over it where there is none. */
    #place() {
        if (this.#isNarrow.matches && this.#stream !== null) {
            if (this.#node.parentElement !== this.#sheet) this.#sheet.append(this.#node);
            if (!this.#sheet.open) this.#sheet.showModal();
        } else {
            if (this.#node.parentElement === this.#sheet) byId('aside').prepend(this.#node);
            if (this.#sheet.open) this.#sheet.close();
        }
    }

    // --- Sound

    /** What there is to see and to press for the stream as it is now. */
    #begin() {
        this.#wave.show(null);
        this.#position();
        if (this.#stream.state === 'live') {
            this.#button('live', 'Listen live', true);
            this.#say('This stream is being written. Listen to it as it comes.');
        } else if (this.#stream.size <= readAtOnce) {
            this.#load();
        } else if (this.#stream.size <= mostHeld) {
            this.#button('down', `Load ${words.bytes(this.#stream.size)} to play`, true);
            this.#say('It is read into this page’s memory to be played.');
        } else {
            this.#load();
        }
    }

    async #press() {
        if (this.#follower !== null) {
            this.#follower.stop();
        } else if (this.#player?.isPlayable) {
            await this.#player.toggle().catch((error) => this.#say(`It can’t be played: ${error.message}`));
        } else if (this.#stream.state === 'live') {
            await this.#follow();
        } else {
            await this.#load();
        }
    }

    async #load() {
        const stream = this.#stream;
        const player = new Player();
        this.#player = player;
        this.#button('play', 'Play', false);
        this.#say('Reading…');
        try {
            const picture = await player.load(stream, (size) => {
                this.#say(`Reading… ${words.bytes(size)} of ${words.bytes(stream.size)}`);
            });
            if (this.#player !== player) return;
            if (!picture.reason) this.#wave.show(picture);
            this.#say(this.#verdict(player, picture));
            this.#facts();
            this.#button('play', 'Play', player.isPlayable);
            player.onchange = () => this.#playing();
            this.#position();
        } catch (error) {
            if (this.#player !== player) return;
            this.#player = null;
            player.close();
            this.#button('retry', 'Try again', true);
            this.#say(error.message);
        }
    }

    /** In a sentence or two: what it is, and what can't be done with it. */
    #verdict(player, picture) {
        const sentences = [];
        if (!picture.reason && picture.detail) sentences.push(picture.detail);
        if (picture.reason) sentences.push(picture.reason);
        if (player.blob === null) sentences.push('It is too long to be played here: use audio-client download.');
        else if (!player.isPlayable && !picture.reason) sentences.push('This browser can draw it, but not play it.');
        return sentences.join(' ');
    }

    #playing() {
        this.#button(this.#player.isPlaying ? 'pause' : 'play', this.#player.isPlaying ? 'Pause' : 'Play', true);
        this.#position();
    }

    async #follow() {
        const follower = new Follower();
        this.#follower = follower;
        follower.onstate = (sentence) => this.#say(sentence, true);
        follower.onend = (reason) => {
            if (this.#follower !== follower) return;
            this.#follower = null;
            cancelAnimationFrame(this.#drawing);
            if (this.#stream === null) return;
            if (reason?.type === 'END') {
                this.#stream = { ...this.#stream, state: reason.state, size: reason.size, sha256: reason.sha256 };
                announce('The stream has ended.');
                this.#facts();
                this.#begin();
                return;
            }
            this.#button('live', 'Listen live', true);
            this.#say(reason === null ? 'Stopped listening.' : reason.message, true);
        };
        this.#button('pause', 'Stop listening', true);
        try {
            await follower.start(this.#stream.streamId, this.#stream.contentType);
            if (this.#follower === follower) this.#drawLive(follower);
        } catch (error) {
            if (this.#follower !== follower) return;
            this.#follower = null;
            follower.stop();
            this.#button('live', 'Listen live', true);
            this.#say(error instanceof CannotFollow ? error.message : `It can’t be followed: ${error.message}`, true);
        }
    }

    #drawLive(follower) {
        const heard = new Float32Array(follower.analyser.fftSize);
        let last = 0;
        const draw = (now) => {
            if (this.#follower !== follower) return;
            if (now - last > 40) {
                last = now;
                follower.analyser.getFloatTimeDomainData(heard);
                this.#wave.push(Math.min(...heard), Math.max(...heard));
                setText(byId('time'), `${follower.ahead.toFixed(1)} s behind`);
            }
            this.#drawing = requestAnimationFrame(draw);
        };
        this.#drawing = requestAnimationFrame(draw);
    }

    #silence() {
        const [player, follower] = [this.#player, this.#follower];
        this.#player = null;
        this.#follower = null;
        cancelAnimationFrame(this.#drawing);
        player?.close();
        follower?.stop();
    }

    // --- The position

    get #length() {
        const duration = this.#player?.duration ?? NaN;
        return Number.isFinite(duration) ? duration : 0;
    }

    #seekTo(seconds) {
        if (this.#player === null) return;
        this.#player.position = seconds;
        this.#position();
    }

    #seekByKey(event) {
        if (event.key === ' ') {
            this.#press();
        } else if (event.key in steps) {
            const wanted = (this.#player?.position ?? 0) + steps[event.key];
            this.#seekTo(Math.max(0, Math.min(this.#length, wanted)));
        } else {
            return;
        }
        event.preventDefault();
    }

    #position() {
        const [length, position] = [this.#length, this.#player?.position ?? 0];
        const seek = byId('seek');
        const isKnown = length > 0;
        seek.setAttribute('aria-disabled', String(!isKnown));
        seek.setAttribute('aria-valuemax', String(Math.round(length)));
        seek.setAttribute('aria-valuenow', String(Math.round(position)));
        const spoken = `${words.spokenClock(position)} of ${words.spokenClock(length)}`;
        seek.setAttribute('aria-valuetext', isKnown ? spoken : 'nothing to play');
        const isLive = this.#player === null && this.#stream?.state === 'live';
        if (!isLive) this.#wave.position = isKnown ? position / length : 0;
        setText(byId('time'), isKnown ? `${words.clock(position)} / ${words.clock(length)}` : '');
    }

    // --- Words

    #button(symbol, name, isEnabled) {
        const button = byId('play');
        if (button.dataset.symbol !== symbol) {
            button.dataset.symbol = symbol;
            button.querySelector('svg').replaceWith(icon(symbol));
        }
        setText(byId('play-name'), name);
        button.disabled = !isEnabled;
    }

    #say(sentence, isAnnounced = false) {
        setText(byId('player-state'), sentence);
        if (isAnnounced) announce(sentence);
    }

    #show() {
        const { streamId } = this.#stream;
        delete this.#node.dataset.empty;
        setText(byId('inspector-name'), streamId);
        byId('inspector-actions').replaceChildren(
            iconButton('up', 'Go on with its file', () => this.onresume(this.#stream), { id: 'resume' }),
            copyButton('Copy the id', () => streamId),
            iconButton('save', 'Save to a file', () => this.#save()),
            iconButton('trash', 'Delete this stream', () => this.ondelete(this.#stream)),
        );
        byId('commands').replaceChildren(...[
            `audio-client download ${streamId} ${streamId}`,
            `audio-client tail ${streamId} | ffplay -`,
            `curl -O ${token() === '' ? '' : '-H "Authorization: Bearer $TOKEN" '}${address(`/streams/${streamId}`)}`,
        ].map((command) => element(
            'div', { class: 'command' }, element('code', {}, command), copyButton('Copy the command', () => command),
        )));
        this.#facts();
    }

    #save() {
        const blob = this.#player?.blob ?? null;
        if (blob === null) {
            this.#say('It is not here to be saved. Load it first, or use audio-client download.', true);
            return;
        }
        const url = URL.createObjectURL(blob);
        element('a', { href: url, download: this.#stream.streamId }).click();
        setTimeout(() => URL.revokeObjectURL(url), 60_000);
    }

    #facts() {
        const stream = this.#stream;
        // What has not changed is left alone: somebody may be selecting it.
        const minute = Math.floor(Date.now() / 60_000);
        const known = JSON.stringify([stream, this.#player?.sha256, this.#player?.format?.name, minute]);
        if (known === this.#shown) return;
        this.#shown = known;
        byId('resume').hidden = stream.state !== 'suspended';
        const state = byId('inspector-state');
        state.dataset.state = stream.state;
        setText(state, stream.state);
        const time = (at) => (at === undefined ? null : element(
            'time', { datetime: new Date(at).toISOString() }, `${words.absolute(at)} (${words.relative(at)})`,
        ));
        const rows = [
            ['Size', `${words.count(stream.size)} bytes`],
            ['Content type', stream.contentType ?? 'not declared'],
            ['Format', this.#player?.format?.name ?? null],
            ['SHA-256', this.#digest(stream)],
            ['Started', time(stream.createdAt)],
            ['Sealed', time(stream.sealedAt)],
            ['Last read', time(stream.lastReadAt)],
            ['Expires', time(stream.expiresAt)],
            ['Readers', stream.readers === undefined ? null : words.count(stream.readers)],
            ['Safe against', safeties[stream.durability] ?? null],
            ['Copies', stream.copies?.join(', ') ?? null],
            ...Object.entries(stream.metadata ?? {}).map(([name, value]) => [name, value, 'label']),
        ];
        const told = rows.filter(([, value]) => value !== null);
        byId('facts').replaceChildren(...told.map(([name, value, kind]) => element(
            'div', { class: kind ?? null }, element('dt', {}, name), element('dd', {}, value),
        )));
    }

    #digest(stream) {
        const here = this.#player?.sha256 ?? null;
        if (stream.sha256 === undefined && here === null) return null;
        const digest = stream.sha256 ?? here;
        const mark = here === null || stream.sha256 === undefined ? null : here === stream.sha256
            ? element('span', { class: 'verified' }, icon('check'), 'verified here')
            : element('span', { class: 'mismatch' }, icon('cross'), `not what came: ${here}`);
        return element('span', { class: 'digest' }, element('code', {}, digest), mark);
    }
}
