import { describe, expect, it } from 'vitest';
import { heal } from './heal.ts';
import { plain, safeHref } from './links.ts';

describe('unfinished marks', () => {
	it.each([
		['a **b', 'a **b**'],
		['a **', 'a '],
		['a **b** c', 'a **b** c'],
		['a `b', 'a `b`'],
		['a `', 'a '],
		['a ``b` c', 'a ``b` c``'],
		['see [the doc', 'see the doc'],
		['see [the doc](https://exa', 'see the doc'],
		['see [the doc](https://example.org)', 'see [the doc](https://example.org)'],
		['`**` and', '`**` and'],
		['a ~~b', 'a ~~b~~'],
		['- [ ', '- [ '],
		['a *', 'a '],
		['2 * 3 = 6', '2 * 3 = 6']
	])('%j is shown as %j', (text, shown) => {
		expect(heal(text)).toBe(shown);
	});
});

describe('links', () => {
	it.each([
		['https://example.org/a?b=c', true],
		['http://example.org', true],
		['mailto:a@b.c', true],
		['javascript:alert(1)', false],
		[' JaVaScRiPt:alert(1)', false],
		['java\nscript:alert(1)', false],
		['data:text/html,x', false],
		['vbscript:x', false],
		['file:///etc/passwd', false],
		['/relative', false],
		['//host', false]
	])('%j may be followed: %s', (href, may) => {
		expect(safeHref(href) !== null).toBe(may);
	});

	it('undoes the escapes of the lexer once', () => {
		expect(plain('&lt;b&gt; &amp;amp; &#39;')).toBe("<b> &amp; '");
	});
});
