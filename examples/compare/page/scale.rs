//! How high a value stands in a chart, and which values have a rule.

/// A scale over the values of one chart.
#[derive(Debug)]
pub(crate) struct Scale {
    kind: Kind,
    /// How high the largest of its values stands.
    height: f64,
}

#[derive(Debug)]
enum Kind {
    /// From zero to the most.
    Linear { most: f64 },
    /// From one rule to another.
    Logarithmic { first: i32, last: i32 },
}

impl Scale {
    /// From zero, with a little room above the largest value for its number.
    pub(crate) fn linear(values: impl Iterator<Item = f64>, height: f64) -> Self {
        let most = values.fold(0.0, f64::max);
        let most = if most > 0.0 { most * 1.05 } else { 1.0 };
        Self { kind: Kind::Linear { most }, height }
    }

    /// From the rule below the smallest value to the one above the largest. What is not
    /// above zero has no place in it.
    pub(crate) fn logarithmic(values: impl Iterator<Item = f64>, height: f64) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|value| *value > 0.0) {
            least = least.min(value);
            most = most.max(value);
        }
        if most == 0.0 {
            (least, most) = (1.0, 10.0);
        }
        let mut first = 0;
        while rule(first) > least {
            first -= 1;
        }
        while rule(first + 1) <= least {
            first += 1;
        }
        let mut last = first + 1;
        while rule(last) < most {
            last += 1;
        }
        Self { kind: Kind::Logarithmic { first, last }, height }
    }

    /// How high a value stands above the ground.
    pub(crate) fn height(&self, value: f64) -> f64 {
        let part = match self.kind {
            Kind::Linear { most } => value / most,
            Kind::Logarithmic { first, last } => {
                let least = rule(first);
                (value.max(least) / least).ln() / (rule(last) / least).ln()
            }
        };
        part * self.height
    }

    /// The values with a rule.
    pub(crate) fn rules(&self) -> Vec<f64> {
        match self.kind {
            Kind::Linear { most } => {
                let step = step(most);
                let rules = (0..).map(|index| f64::from(index) * step);
                rules.take_while(|rule| *rule <= most).collect()
            }
            Kind::Logarithmic { first, last } => (first..=last).map(rule).collect(),
        }
    }
}

/// One, two or five times a power of ten, so that there are four to ten rules.
fn step(most: f64) -> f64 {
    let power = 10_f64.powf((most / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|times| times * power);
    steps.into_iter().rev().find(|step| most / step >= 4.0).unwrap_or(power)
}

/// One of 1, 2, 5, 10, 20, 50 and so on: the 1 is number 0, and below it is 0.5.
fn rule(number: i32) -> f64 {
    [1.0, 2.0, 5.0][number.rem_euclid(3) as usize] * 10_f64.powi(number.div_euclid(3))
}
