// The microphone, by the browser's own recorder: Opus in WebM or Ogg, or AAC in MP4, whichever there is.

const types = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];

/** How often the recorder hands over what it has, in milliseconds: how far a listener is behind. */
const slice = 250;

export class Recorder {
    /** The content type of what is recorded. */
    contentType;

    #stream;
    #recorder;
    #context;
    #analyser;

    /** Why there is no recording here, or null. */
    static get obstacle() {
        if (!window.isSecureContext) return 'Browsers give the microphone to pages from https or from this machine only.';
        if (navigator.mediaDevices === undefined || window.MediaRecorder === undefined) return 'This browser can’t record.';
        const isAnyKnown = types.some((type) => MediaRecorder.isTypeSupported(type));
        if (!isAnyKnown) return 'This browser records no format that is known here.';
        return null;
    }

    /**
     * Asks for the microphone and begins.
     *
     * @param ondata called with each Blob
     * @param onstop called once, when the last one has come
     */
    static async start(ondata, onstop) {
        const recorder = new Recorder();
        recorder.contentType = types.find((type) => MediaRecorder.isTypeSupported(type));
        recorder.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        recorder.#recorder = new MediaRecorder(recorder.#stream, { mimeType: recorder.contentType });
        recorder.#recorder.addEventListener('dataavailable', (event) => ondata(event.data));
        recorder.#recorder.addEventListener('stop', () => {
            for (const track of recorder.#stream.getTracks()) track.stop();
            recorder.#context.close().catch(() => {});
            onstop();
        });
        // A microphone that is unplugged ends the recording in order.
        recorder.#stream.getAudioTracks()[0].addEventListener('ended', () => recorder.stop());
        recorder.#context = new AudioContext();
        recorder.#analyser = new AnalyserNode(recorder.#context, { fftSize: 1024 });
        recorder.#context.createMediaStreamSource(recorder.#stream).connect(recorder.#analyser);
        recorder.#recorder.start(slice);
        return recorder;
    }

    /** How loud it is now: `[low, high]` of the last samples. */
    level() {
        const heard = new Float32Array(this.#analyser.fftSize);
        this.#analyser.getFloatTimeDomainData(heard);
        return [Math.min(...heard), Math.max(...heard)];
    }

    stop() {
        if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    }
}
