import { describe, expect, it } from 'vitest';
import { pageAt, placeOf, pointsOf, unitsOf, type Place } from './places.ts';

const TEXT = 'First page.\n\fSecond page has the answer.\nAnd more.\n\fThird.';
const START = TEXT.indexOf('Second');
const QUOTE = 'Second page has the answer.';
const END = START + QUOTE.length;

const all = (place: Place) => place.parts.map((each) => each.text).join('');
const quoted = (place: Place) =>
	place.parts.filter((each) => each.of === 'quote').map((each) => each.text);

describe('the place of a passage', () => {
	it('is where it says it is', () => {
		const place = placeOf(TEXT, { start: START, end: END, quote: QUOTE })!;
		expect(quoted(place)).toEqual([QUOTE]);
		expect(all(place)).toBe(TEXT);
		expect([place.start, place.end]).toEqual([START, END]);
		expect([place.cutBefore, place.cutAfter]).toEqual([false, false]);
	});

	it('has the sentences marked that were cited of it', () => {
		const text =
			'Before.\nGreen tea is hot. Nothing here. White\ntea is picked in spring. End.\nAfter.';
		const [start, end] = [8, text.indexOf('After')];
		const quote = 'Green tea is hot. White tea is picked in spring.';
		const place = placeOf(text, { start, end, quote })!;
		expect(quoted(place)).toEqual(['Green tea is hot.', 'White\ntea is picked in spring.']);
		const passage = place.parts.filter((each) => each.of === 'passage').map((each) => each.text);
		expect(passage).toEqual([' Nothing here. ', ' End.\n']);
		expect(all(place)).toBe(text);
	});

	it('is marked as a whole without a quote', () => {
		expect(quoted(placeOf(TEXT, { start: START, end: END })!)).toEqual([QUOTE]);
	});

	it('is found by its words when the text has moved', () => {
		const moved = `A new beginning. ${TEXT.replace('has the', 'has\n the')}`;
		const place = placeOf(moved, { start: 0, end: 5, quote: QUOTE })!;
		expect(quoted(place)).toEqual(['Second page has\n the answer.']);
	});

	it('is nowhere when its words are gone', () => {
		expect(placeOf('Quite another text.', { start: 0, end: 10, quote: QUOTE })).toBeNull();
		expect(placeOf('', { quote: '' })).toBeNull();
		expect(placeOf('text', { start: 9, end: 20 })).toBeNull();
	});

	it('counts characters as the server does', () => {
		const text = '🍵🍵 tea [x] (y)';
		expect(unitsOf(text, 3)).toBe(5);
		expect(pointsOf(text, 5)).toBe(3);
		expect(quoted(placeOf(text, { start: 3, end: 6, quote: 'tea' })!)).toEqual(['tea']);
		expect(quoted(placeOf(text, { quote: '[x] (y)' })!)).toEqual(['[x] (y)']);
	});

	it('comes with what is around it, and not with a whole book', () => {
		const book = `${'word '.repeat(50)}\n`.repeat(400);
		const at = book.length / 2;
		const place = placeOf(book, { start: at, end: at + 20 }, 1000)!;
		expect(all(place).length).toBeLessThan(2800);
		expect([place.cutBefore, place.cutAfter]).toEqual([true, true]);
	});

	it('has a page', () => {
		expect(pageAt(TEXT, 0)).toBe(1);
		expect(pageAt(TEXT, START)).toBe(2);
		expect(pageAt(TEXT, TEXT.length)).toBe(3);
	});
});
