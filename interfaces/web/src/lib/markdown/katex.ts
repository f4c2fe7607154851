/** KaTeX with its style sheet: reached only through import(), when there is math to show. */

import katex from 'katex';
import 'katex/dist/katex.min.css';

export function render(element: HTMLElement, tex: string, displayMode: boolean): void {
	try {
		katex.render(tex, element, {
			displayMode,
			throwOnError: false,
			errorColor: 'var(--bad)',
			strict: 'ignore',
			trust: false,
			maxExpand: 500,
			maxSize: 40
		});
	} catch {
		element.textContent = tex;
	}
}
