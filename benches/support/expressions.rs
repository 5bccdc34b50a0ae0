//! Expressions over ten parameters, and the same by hand.

#![allow(dead_code, reason = "every benchmark uses a part")]
#![allow(clippy::many_single_char_names, clippy::approx_constant, reason = "as the texts have it")]

/// Parameters are called `a` to `j`.
pub(crate) const PARAMETERS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// What users of another engine published.
pub(crate) const W1: [&str; 7] = [
    "a*sin(b*3.14159/180) + c*cos(d*3.14159/180) + sqrt(e*e + f*f)",
    "exp(g/10) * log(h+1) + pow(i, 0.5) * j",
    "((a > 5) && (b < 10)) * c + ((d >= e) || (f != g)) * h + min(i, j)",
    "sqrt(pow(a-e, 2) + pow(b-f, 2)) + atan2(c-g, d-h) * (i+j)/2",
    "abs(a-b) * sign(c-d) + max(e, f) * min(g, h) + fmod(i*j, 10)",
    "(a+b+c)/3 * sin((d+e+f)*3.14159/6) + log10(g*h+1) - exp(-i*j/100)",
    "a + b * c - d / (e + 0.001) + pow(f, g) * h - i + j",
];

/// Without transcendental functions.
pub(crate) const W2: [&str; 7] = [
    "a + b * c - d / (e + 0.001) + f * g * h - i + j",
    "((a > 5) && (b < 10)) * c + ((d >= e) || (f != g)) * h + i * j",
    "(a*b + c*d) / (e*f + g*h) + i - j",
    "(a + b) * (c - d) * (e + f) - (g - h) * (i + j)",
    "((((a*0.1 + b)*0.1 + c)*0.1 + d)*0.1 + e)*0.1 + f",
    "a*a*a + b*b*b + 3*c*d*(e+f) - 2*g*h + i/j",
    "(a + 1.5)*(b - 2.5)/(c + 3.5) + (d*4.5 - e/5.5)*(f + g) - h*i*0.25 + j",
];

/// Through the functions `sq(x) = x*x` and `mix(x, y, t) = x + (y-x)*t`.
pub(crate) const W3: [&str; 4] = [
    "mix(a,b,0.25) + sq(c-d)",
    "sq(a) + sq(b) + mix(c,d,e*0.01)",
    "mix(sq(a),sq(b),0.5)*f - sq(g)",
    "sq(mix(a,b,0.1)) / (1 + sq(h))",
];

/// The same written out.
pub(crate) const W3_OUT: [&str; 4] = [
    "a + (b-a)*0.25 + (c-d)*(c-d)",
    "a*a + b*b + (c + (d-c)*(e*0.01))",
    "(a*a + (b*b-a*a)*0.5)*f - g*g",
    "(a + (b-a)*0.1)*(a + (b-a)*0.1) / (1 + h*h)",
];

/// Arrays and attributes: `t`, `o.x`, `o.y`, `o.gain`; `i` is between 0 and 7.
pub(crate) const W4: [&str; 3] =
    ["t[0]*a + t[1]*b + t[2]*c", "t[i]*0.5 + o.gain*d", "o.x*o.x + o.y*o.y"];

/// The same over plain parameters, and `t[i]` over `t[0]`, which is `e`.
pub(crate) const W4_OUT: [&str; 3] = ["e*a + f*b + g*c", "e*0.5 + h*d", "i*i + j*j"];

/// The parameters of a tick; `c` is above `d`, as some say that the sign of 0 is 1.
#[inline(always)]
pub(crate) fn parameters(tick: u32) -> [f64; 10] {
    let t = f64::from(tick % 1000) * 0.001;
    [5.0 + t, 9.5 + t, 4.0 - t, 2.0 + t, 1.5 + t, 2.5 - t, 1.0 + t, 4.0 + t, 3.5 - t, 2.25 + t]
}

/// An expression by hand.
pub(crate) type Closure = Box<dyn Fn(&[f64; 10]) -> f64>;

fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// The floor of [`W1`].
pub(crate) fn floor1() -> [Closure; 7] {
    [
        Box::new(|&[a, b, c, d, e, f, ..]| {
            a * (b * 3.14159 / 180.0).sin()
                + c * (d * 3.14159 / 180.0).cos()
                + (e * e + f * f).sqrt()
        }),
        Box::new(|&[.., g, h, i, j]| (g / 10.0).exp() * (h + 1.0).log10() + i.sqrt() * j),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            truth(a > 5.0 && b < 10.0) * c + truth(d >= e || f != g) * h + i.min(j)
        }),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            let (x, y) = (a - e, b - f);
            (x * x + y * y).sqrt() + (c - g).atan2(d - h) * (i + j) / 2.0
        }),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            (a - b).abs() * sign(c - d) + e.max(f) * g.min(h) + (i * j) % 10.0
        }),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            (a + b + c) / 3.0 * ((d + e + f) * 3.14159 / 6.0).sin() + (g * h + 1.0).log10()
                - (-i * j / 100.0).exp()
        }),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            a + b * c - d / (e + 0.001) + f.powf(g) * h - i + j
        }),
    ]
}

/// The floor of [`W2`].
pub(crate) fn floor2() -> [Closure; 7] {
    [
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| a + b * c - d / (e + 0.001) + f * g * h - i + j),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            truth(a > 5.0 && b < 10.0) * c + truth(d >= e || f != g) * h + i * j
        }),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| (a * b + c * d) / (e * f + g * h) + i - j),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| (a + b) * (c - d) * (e + f) - (g - h) * (i + j)),
        Box::new(|&[a, b, c, d, e, f, ..]| {
            ((((a * 0.1 + b) * 0.1 + c) * 0.1 + d) * 0.1 + e) * 0.1 + f
        }),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            a * a * a + b * b * b + 3.0 * c * d * (e + f) - 2.0 * g * h + i / j
        }),
        Box::new(|&[a, b, c, d, e, f, g, h, i, j]| {
            (a + 1.5) * (b - 2.5) / (c + 3.5) + (d * 4.5 - e / 5.5) * (f + g) - h * i * 0.25 + j
        }),
    ]
}
