// Elements, and words for those who listen to the page rather than look at it. Text that came over the wire only ever
// becomes text nodes and attribute values: nothing here parses markup.

const svgNamespace = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 *
 * Attributes whose name begins with `on` are listeners, `class` is the class list, booleans set or leave out an
 * attribute, and everything else is an attribute's text. Children that are null are passed over.
 */
export function element(name, attributes = {}, ...children) {
    return fill(document.createElement(name), attributes, children);
}

/** Makes an SVG element, in the same way. */
export function graphic(name, attributes = {}, ...children) {
    return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

/** One of the symbols of index.html. It says nothing: the control that has it has a name. */
export function icon(name) {
    return graphic('svg', { class: 'icon', 'aria-hidden': 'true' }, graphic('use', { href: `#i-${name}` }));
}

/** A button with a symbol and a name that is not seen. */
export function iconButton(name, label, onclick, attributes = {}) {
    return element('button', {
        type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...attributes,
    }, icon(name));
}

/** The element of index.html with this id. */
export function byId(id) {
    return document.getElementById(id);
}

/** Sets an element's text where it differs, so that nothing is selected, announced or painted anew for nothing. */
export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

/** Says a sentence to screen readers, after what they are saying now. */
export function announce(sentence) {
    // The same sentence twice is no change, and so would not be said.
    const region = byId('announcements');
    region.textContent = region.textContent === sentence ? `${sentence}\u00a0` : sentence;
}

/** A button that puts a text on the clipboard and says so. */
export function copyButton(label, text) {
    const button = iconButton('copy', label, async () => {
        const said = await copy(text()) ? 'Copied' : 'Not copied: select the text instead';
        announce(said);
        button.replaceChildren(icon(said === 'Copied' ? 'check' : 'cross'));
        setTimeout(() => button.replaceChildren(icon('copy')), 1500);
    });
    return button;
}

async function copy(text) {
    try {
        // Only there in secure contexts: https, and this machine.
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else node.setAttribute(name, value === true ? '' : String(value));
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}
