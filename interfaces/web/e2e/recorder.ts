/** A way to the product that keeps every byte it sends back, to whatever part of a page. */

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorder {
	address: string;
	bytes: () => string;
	close: () => void;
}

export async function recorder(target: string): Promise<Recorder> {
	const { hostname, port, origin } = new URL(target);
	const kept: string[] = [];
	const server = createServer((asked, answer) => {
		const headers: Record<string, string | string[] | undefined> = {
			...asked.headers,
			host: `${hostname}:${port}`,
			'accept-encoding': 'identity'
		};
		if (headers.origin) headers.origin = origin;
		const { method, url: path } = asked;
		const there = request({ hostname, port, method, path, headers }, (found) => {
			kept.push(`${path}\n${found.rawHeaders.join('\n')}`);
			answer.writeHead(found.statusCode ?? 502, found.headers);
			found.on('data', (piece: Buffer) => {
				kept.push(piece.toString());
				answer.write(piece);
			});
			found.on('end', () => answer.end());
		});
		there.on('error', () => answer.destroy());
		answer.on('close', () => there.destroy());
		asked.pipe(there);
	});
	await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
	return {
		address: `http://${hostname}:${(server.address() as AddressInfo).port}`,
		bytes: () => kept.join('\n'),
		close: () => {
			server.closeAllConnections();
			server.close();
		}
	};
}
