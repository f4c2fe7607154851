/** Texts that are hard to read in pieces, for the tests. */

export const TEXTS: Record<string, string> = {
	prose: `# A heading

Some *text* with **strong words**, \`code\`, and a [link](https://example.org).
It goes on here.

Another paragraph  
with a break.

Setext heading
===

Under it
---

> a quote
> goes on
lazily

> another quote

***

The end.
`,
	lists: `Before
- one
- two
  still two

  and more of two
- three
    - nested
      - deeper

        text in the deep
    - again
- [x] done
- [ ] not done

1. first
2. second

   \`\`\`js
   const inside = "a list";

   // with an empty line
   \`\`\`
3. third

* other bullets
+ and others

not a list
`,
	code: `Look:

\`\`\`python
def f():

    return """
# not a heading

- not a list
"""
\`\`\`

~~~
\`\`\`
inside
\`\`\`
~~~

    indented code

    after an empty line

text

\`\`\`\`md
\`\`\`js
x
\`\`\`
\`\`\`\`
after
`,
	tables: `| a | b |
|---|:-:|
| 1 | 2 |
| \`x\` | **y** |

text | with pipe

| c |
|---|
| 3 |
> quote ends it

a | b
--|--
1 | 2

done
`,
	math: `Einstein: $E = mc^2$, and $5 is not $6.

$$
\\int_0^1 x

dx
$$

\\[ a + b \\]

Inline \\(x\\) and $$y$$ too.

\\[
c
\\]

text
$$z$$
more
`,
	html: `<div>

text *em*

</div>

<!-- a comment

over lines -->

a <b>bold</b> word

<details><summary>x</summary>

inside

</details>

end
`,
	spaces: `\n\n   a\n\n\n\n  b  \n\t\n\n- x\n\n\n\n- y\n\n\n\nz\n   \n`,
	windows: 'one\r\n\r\n- a\r\n- b\r\n\r\n```\r\ncode\r\n```\r\n\r\nend\r\n',
	open: 'text\n\n```js\nconst a = 1;\n\nconst b = 2;',
	marks:
		'**a** *b* ***c*** ~~d~~ `e` ``f ` g`` [h](i "j") ![k](l) <m@n.o> https://p.q\n\n\\*r\\* &amp; &lt;\n\n[x]\n\n[y][z]\n\n[z]: https://z.z\n'
};
