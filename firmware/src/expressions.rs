//! Expressions over the parameters `a` to `j`.

/// Names of the parameters.
pub const PARAMETERS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// What users of another engine published.
pub const W1: [&str; 7] = [
    "a*sin(b*3.14159/180) + c*cos(d*3.14159/180) + sqrt(e*e + f*f)",
    "exp(g/10) * log(h+1) + pow(i, 0.5) * j",
    "((a > 5) && (b < 10)) * c + ((d >= e) || (f != g)) * h + min(i, j)",
    "sqrt(pow(a-e, 2) + pow(b-f, 2)) + atan2(c-g, d-h) * (i+j)/2",
    "abs(a-b) * sign(c-d) + max(e, f) * min(g, h) + fmod(i*j, 10)",
    "(a+b+c)/3 * sin((d+e+f)*3.14159/6) + log10(g*h+1) - exp(-i*j/100)",
    "a + b * c - d / (e + 0.001) + pow(f, g) * h - i + j",
];

/// Without transcendental functions.
pub const W2: [&str; 7] = [
    "a + b * c - d / (e + 0.001) + f * g * h - i + j",
    "((a > 5) && (b < 10)) * c + ((d >= e) || (f != g)) * h + i * j",
    "(a*b + c*d) / (e*f + g*h) + i - j",
    "(a + b) * (c - d) * (e + f) - (g - h) * (i + j)",
    "((((a*0.1 + b)*0.1 + c)*0.1 + d)*0.1 + e)*0.1 + f",
    "a*a*a + b*b*b + 3*c*d*(e+f) - 2*g*h + i/j",
    "(a + 1.5)*(b - 2.5)/(c + 3.5) + (d*4.5 - e/5.5)*(f + g) - h*i*0.25 + j",
];

/// The parameters of a tick.
#[must_use]
pub fn parameters(tick: u32) -> [f64; 10] {
    let t = f64::from(tick % 1000) * 0.001;
    [5.0 + t, 9.5 + t, 3.0 - t, 2.0 + t, 1.5 + t, 2.5 - t, 1.0 + t, 4.0 + t, 3.5 - t, 2.25 + t]
}
