//! Small charts as SVG: points for the templates to draw. Nothing in them is styled inline, so the policy holds.

use std::fmt::Write as _;

/// The area that charts are drawn in, without unit: browsers scale it.
pub(super) const WIDTH: f64 = 600.0;
pub(super) const HEIGHT: f64 = 120.0;

/// A line through values at equal distances, as `points` of a polyline; where there is no value it has a gap, and goes on as the
/// next of the lines.
pub(super) fn lines(values: &[Option<f64>], most: f64) -> Vec<String> {
    let step = WIDTH / (values.len().max(2) - 1) as f64;
    let mut lines = vec![String::new()];
    for (position, value) in values.iter().enumerate() {
        match (value, lines.last_mut()) {
            (Some(value), Some(line)) => {
                let (x, y) = (position as f64 * step, height(*value, most));
                let _ = write!(line, "{x:.1},{y:.1} ");
            }
            (None, Some(line)) if !line.is_empty() => lines.push(String::new()),
            _ => {}
        }
    }
    lines.retain(|line| !line.is_empty());
    // A line needs two points to be drawn; one that stands alone is a dot.
    for line in lines.iter_mut().filter(|line| line.matches(',').count() == 1) {
        *line = line.repeat(2);
    }
    lines
}

/// Steps: a value holds from its place until that of the next one, and the last until the end. Places are shares of the width, from
/// 0 to 1.
pub(super) fn steps(values: &[(f64, f64)], most: f64) -> String {
    let mut points = String::new();
    let mut before = None;
    for (place, value) in values {
        let (x, y) = (place.clamp(0.0, 1.0) * WIDTH, height(*value, most));
        if let Some(before) = before {
            let _ = write!(points, "{x:.1},{before:.1} ");
        }
        let _ = write!(points, "{x:.1},{y:.1} ");
        before = Some(y);
    }
    if let Some(before) = before {
        let _ = write!(points, "{WIDTH:.1},{before:.1}");
    }
    points
}

fn height(value: f64, most: f64) -> f64 {
    HEIGHT - HEIGHT * (value / most.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_gaps_where_there_is_nothing() {
        let drawn = lines(&[Some(0.0), Some(2.0), None, None, Some(1.0)], 2.0);
        assert_eq!(drawn, ["0.0,120.0 150.0,0.0 ", "600.0,60.0 600.0,60.0 "]);
        assert!(lines(&[], 1.0).is_empty());
    }

    #[test]
    fn a_value_holds_until_the_next() {
        assert_eq!(steps(&[(0.0, 1.0), (0.5, 0.0)], 1.0), "0.0,0.0 300.0,0.0 300.0,120.0 600.0,120.0");
        assert_eq!(steps(&[], 1.0), "");
    }
}
