// Before the first paint: the theme and text size this browser chose. A file of its own, so
// that the page needs no inline script.
(function () {
	/** @type {{ theme?: string, size?: number }} */
	var saved;
	try {
		saved = JSON.parse(localStorage.getItem('quire.appearance') || '{}') || {};
	} catch {
		saved = {};
	}
	var dark = saved.theme === 'dark';
	if (saved.theme !== 'dark' && saved.theme !== 'light')
		dark = matchMedia('(prefers-color-scheme: dark)').matches;
	document.documentElement.dataset.theme = dark ? 'dark' : 'light';
	if (saved.size) document.documentElement.style.fontSize = saved.size + '%';
})();
