import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

const backend = process.env.QUIRE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [
		tailwindcss(),
		sveltekit({
			adapter: adapter({ fallback: 'index.html', precompress: true }),
			paths: { relative: false },
			version: { pollInterval: 0 }
		})
	],
	worker: { format: 'es' },
	server: { proxy: { '/api': { target: backend, changeOrigin: false } } },
	test: { include: ['src/**/*.test.ts'] }
});
